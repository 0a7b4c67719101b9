using System.Net;
using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Settings;
using GaleLb.State.Snapshots;

namespace GaleLb.State.Tests.Rules;

/// <summary>Seeded random histories. A failure names its seed and step; the same seed is the same history.</summary>
public sealed class RandomHistoryTests
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "f"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Apply_AnyHistory_KeepsTheInvariants(int seed)
    {
        Random random = new(seed);
        Cluster cluster = Cluster.Founded(
            new NodeHealthSettings { BlackListAfterFails = 3, BlackListExpiryMs = 20_000 }, Cluster.Service("s1", 1), Cluster.Service("s2", 2));
        for (int step = 0; step < 1500; step++)
        {
            ClusterState before = cluster.State;
            cluster.Wait(random.Next(3) == 0 ? random.Next(40_000) : 0);
            Command command = random.Next(12) == 0
                ? new Batch([.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Anything(random, cluster.State))])
                : Anything(random, cluster.State);
            CommandAnswer answer = cluster.Apply(command);

            try
            {
                StateInvariants.Check(before, cluster.State);
                if (!answer.IsOk && command is not Batch)
                    Assert.Same(before.Nodes, cluster.State.Nodes);
                if (step % 50 == 0)
                    CheckSnapshot(cluster.State);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}, step {step}: {command} was answered {answer}: {e.Message}", e);
            }
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public void Apply_AnyHistory_AgreesWithTheNaiveModel(int seed)
    {
        NodeHealthSettings health = new()
        {
            BlackListAfterFails = 3,
            BlackListExpiryMs = 20_000,
            MaxEjectSharePermille = 1000,
            ForgetAfterMs = 60_000,
        };
        Random random = new(seed);
        Cluster cluster = Cluster.Founded(health);
        NaiveNodes naive = new(3, 20_000, 30_000, 60_000);
        Dictionary<CommandKind, int> accepted = [];
        for (int step = 0; step < 4000; step++)
        {
            cluster.Wait(random.Next(3) == 0 ? random.Next(40_000) : 0);
            Command command = LifecycleCommand(random, cluster.State);

            bool expected = naive.Apply(command, cluster.Time.Milliseconds);
            CommandAnswer answer = cluster.Apply(command);

            if (answer.IsOk != expected || !NaiveNodes.Describe(cluster.State).SequenceEqual(naive.Describe()))
            {
                Assert.Fail($"seed {seed}, step {step}: {command} was answered {answer}, expected {expected};\n"
                    + string.Join('\n', NaiveNodes.Describe(cluster.State)) + "\nbut\n" + string.Join('\n', naive.Describe()));
            }

            if (expected)
                accepted[command.Kind] = accepted.GetValueOrDefault(command.Kind) + 1;
        }

        accepted.Should().HaveCount(14, "every kind of command took effect at least once");
    }

    [Fact]
    public void Apply_SameHistory_IsTheSameStateAndTable()
    {
        (byte[] State, string Digest) Run(bool restart)
        {
            Random random = new(99);
            Cluster cluster = Cluster.Founded(null, Cluster.Service("s1", 1), Cluster.Service("s2", 2));
            for (int step = 0; step < 800; step++)
            {
                cluster.Wait(random.Next(2_000));
                cluster.Apply(Anything(random, cluster.State));
                if (restart && step % 100 == 50)
                    cluster.Machine.Restore(cluster.State.AppliedIndex, StateSnapshotCodec.Encode(cluster.State));
            }

            return (StateSnapshotCodec.Encode(cluster.State), cluster.Table().Digest);
        }

        (byte[] State, string Digest) one = Run(restart: false);
        (byte[] State, string Digest) other = Run(restart: true);

        one.State.AsSpan().SequenceEqual(other.State).Should().BeTrue();
        one.Digest.Should().Be(other.Digest);
    }

    private static void CheckSnapshot(ClusterState state)
    {
        byte[] bytes = StateSnapshotCodec.Encode(state);
        ClusterState decoded = StateSnapshotCodec.Decode(bytes);
        Assert.True(bytes.AsSpan().SequenceEqual(StateSnapshotCodec.Encode(decoded)));
        Assert.Equal(state.Tally, decoded.Tally);
        Assert.Equal(state.Rings, decoded.Rings);
        Assert.Equal(state.AddressHolders, decoded.AddressHolders);
    }

    /// <summary>Commands of the naive model: never stale, forced, every node at its own address.</summary>
    private static Command LifecycleCommand(Random random, ClusterState state)
    {
        string name = Names[random.Next(Names.Length)];
        LogIndex seen = state.FindNode(name)?.LastChange ?? LogIndex.Zero;
        int address = Array.IndexOf(Names, name) + 1;
        return random.Next(18) switch
        {
            0 => new NodeRegister(name, seen, Cluster.At($"10.0.0.{address}"), random.Next(2) == 0),
            1 or 2 => new NodeReturned(name, seen),
            3 or 4 => new NodeRoutable(name, seen),
            5 => new NodeDown(name, seen, DownReason.Timeout),
            6 => new NodeDown(name, seen, DownReason.NotServing),
            7 => new NodeDown(name, seen, random.Next(2) == 0 ? DownReason.Leaving : DownReason.Silent),
            8 => new NodeFlowsRefused(name, seen),
            9 => new NodeFailsReset(name, seen),
            10 => new NodeForget(name, seen),
            11 => new BlacklistExpired(name, state.Blacklist.GetValueOrDefault(name)?.LastChange ?? LogIndex.Zero),
            12 => new DrainNode(name, Force: true),
            13 => new UndrainNode(name),
            14 => new SetNodeWeight(name, random.Next(3) == 0 ? null : (ushort)random.Next(1001), Force: true),
            15 => random.Next(4) == 0 ? new RemoveNode(name, Force: true) : new NodeReturned(name, seen),
            16 => random.Next(4) == 0 ? new BanNode(name, random.Next(2) == 0 ? null : 5_000, "", Force: true) : new NodeRoutable(name, seen),
            _ => new UnbanNode(name),
        };
    }

    private static Command Anything(Random random, ClusterState state)
    {
        string name = Names[random.Next(Names.Length)];
        LogIndex seen = random.Next(10) == 0 ? new LogIndex((ulong)random.Next(50)) : state.FindNode(name)?.LastChange ?? LogIndex.Zero;
        string service = $"s{random.Next(1, 5)}";
        ClientPrefix prefix = new(IPAddress.Parse($"192.0.{random.Next(3)}.0"), 24);
        return random.Next(24) switch
        {
            0 or 1 or 2 => new NodeRegister(name, seen, Description(random), random.Next(4) != 0),
            3 or 4 => new NodeReturned(name, seen),
            5 or 6 or 7 => new NodeRoutable(name, seen),
            8 => new NodeDown(name, seen, (DownReason)random.Next(6)),
            9 => new NodeSuspectCleared(name, seen),
            10 => new NodeServiceHealth(name, seen, random.Next(2) == 0 ? [] : [service]),
            11 => new NodeFlowsRefused(name, seen),
            12 => new NodeFailsReset(name, seen),
            13 => new NodeForget(name, seen),
            14 => new BlacklistExpired(name, state.Blacklist.GetValueOrDefault(name)?.LastChange ?? LogIndex.Zero),
            15 => state.Retired.IsEmpty
                ? new PlaceReleased(new NodeIndex(1), new Generation(1))
                : new PlaceReleased(state.Retired.Values.First().Place.Index, state.Retired.Values.First().Place.Generation),
            16 => new DrainNode(name, random.Next(2) == 0),
            17 => new UndrainNode(name),
            18 => new SetNodeWeight(name, random.Next(3) == 0 ? null : (ushort)random.Next(3), random.Next(2) == 0),
            19 => new RemoveNode(name, random.Next(2) == 0),
            20 => random.Next(2) == 0 ? new BanNode(name, 5_000, "", random.Next(2) == 0) : new UnbanNode(name),
            21 => random.Next(2) == 0 ? new AddService(Cluster.Service(service, (ushort)random.Next(1, 6))) : new RemoveService(service),
            22 => new ReplaceService(Cluster.Service(service, (ushort)random.Next(1, 6))),
            _ => random.Next(2) == 0 ? new BlockClients(prefix, 1_000, "") : new UnblockClients(prefix),
        };
    }

    private static NodeDescription Description(Random random) => Cluster.At(
        $"10.0.0.{random.Next(1, 9)}", (ulong)random.Next(3), (ushort)random.Next(3), (ushort)random.Next(2),
        random.Next(3) switch { 0 => [], 1 => ["s1"], _ => ["s1", "s2"] });
}
