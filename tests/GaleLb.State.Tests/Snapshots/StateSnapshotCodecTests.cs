using System.Net;
using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Snapshots;

namespace GaleLb.State.Tests.Snapshots;

public sealed class StateSnapshotCodecTests
{
    [Fact]
    public void Decode_Encoded_EncodesToTheSameBytesAndDerivesTheSameTable()
    {
        ClusterState state = Eventful().State;

        byte[] bytes = StateSnapshotCodec.Encode(state);
        ClusterState decoded = StateSnapshotCodec.Decode(bytes);

        StateSnapshotCodec.Encode(decoded).Should().Equal(bytes);
        ForwardingTableBuilder.Derive(decoded).Digest.Should().Be(ForwardingTableBuilder.Derive(state).Digest);
        decoded.Tally.Should().Be(state.Tally);
        decoded.AddressHolders.Should().Equal(state.AddressHolders);
        decoded.Rings.Should().Equal(state.Rings);
    }

    [Fact]
    public void Decode_Encoded_BehavesTheSameFromThere()
    {
        Cluster one = Eventful();
        Cluster other = Eventful();
        other.Machine.Restore(other.State.AppliedIndex, StateSnapshotCodec.Encode(other.State));

        foreach (Cluster cluster in (Cluster[])[one, other])
        {
            cluster.Wait(1000);
            cluster.Route("later", "10.0.7.7");
            cluster.Apply(new RemoveNode("node-2", Force: true));
            cluster.Apply(new AddService(Cluster.Service("later", 4242)));
            cluster.Apply(new CommandEnvelope(new DrainNode("node-1", Force: true)) { IdempotencyKey = "once" });
        }

        StateSnapshotCodec.Encode(one.State).Should().Equal(StateSnapshotCodec.Encode(other.State));
    }

    [Fact]
    public void Decode_AnyTruncation_IsRefused()
    {
        byte[] bytes = StateSnapshotCodec.Encode(Eventful().State);

        for (int length = 0; length < bytes.Length; length++)
            Assert.Throws<InvalidDataException>(() => StateSnapshotCodec.Decode(bytes.AsSpan(0, length)));
        ((byte[])[.. bytes, 0]).Invoking(b => StateSnapshotCodec.Decode(b)).Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void Decode_FlippedBits_AreRefusedOrCanonical()
    {
        byte[] bytes = StateSnapshotCodec.Encode(Eventful().State);
        for (int i = 0; i < bytes.Length * 8; i += 29)
        {
            byte[] flipped = [.. bytes];
            flipped[i / 8] ^= (byte)(1 << (i % 8));
            try
            {
                if (!StateSnapshotCodec.Encode(StateSnapshotCodec.Decode(flipped)).AsSpan().SequenceEqual(flipped))
                    Assert.Fail($"bit {i} flipped is accepted and has another encoding");
            }
            catch (InvalidDataException)
            {
                continue;
            }
            catch (UnsupportedStateVersionException e)
            {
                e.Version.Should().BeGreaterThan(ClusterState.StateVersionMax);
            }
        }
    }

    [Fact]
    public void Decode_Empty_IsTheEmptyState() =>
        StateSnapshotCodec.Encode(StateSnapshotCodec.Decode(StateSnapshotCodec.Encode(ClusterState.Empty)))
            .Should().Equal(StateSnapshotCodec.Encode(ClusterState.Empty));

    [Fact]
    public void Restore_OtherIndex_IsRefusedAndNothingChanges()
    {
        Cluster cluster = Eventful();
        ClusterState before = cluster.State;

        Action restoring = () => cluster.Machine.Restore(new LogIndex(1), StateSnapshotCodec.Encode(before));

        restoring.Should().Throw<InvalidDataException>();
        cluster.State.Should().BeSameAs(before);
    }

    /// <summary>A state in which every collection has something.</summary>
    internal static Cluster Eventful()
    {
        Cluster cluster = Cluster.Founded(null, Cluster.Web, Cluster.Service("dns", 53, "192.0.2.1", "2001:db8::1")).WithRoutable(4);
        cluster.Route("six", "2001:db8::6", weight: 10, "dns", "web");
        cluster.Wait(100);
        cluster.Down("node-3");
        cluster.Apply(new BanNode("node-4", 60_000, "noisy", Force: false));
        cluster.Apply(new NodeRegister("gone", LogIndex.Zero, Cluster.At("10.0.8.8"), Serving: false));
        cluster.Apply(new RemoveNode("gone", Force: false));
        cluster.Apply(new NodeRegister("loser", LogIndex.Zero, Cluster.At("10.0.8.9"), Serving: false));
        cluster.Apply(new NodeRegister("winner", LogIndex.Zero, Cluster.At("10.0.8.9"), Serving: true));
        cluster.Apply(new NodeServiceHealth("six", cluster.Seen("six"), ["dns"]));
        cluster.Apply(new SetNodeWeight("node-1", 7, Force: false));
        cluster.Apply(new CommandEnvelope(new DrainNode("node-2", Force: false)) { IdempotencyKey = "once", Origin = "rest 10.0.0.1" });
        cluster.Apply(new BlockClients(new ClientPrefix(IPAddress.Parse("198.51.100.0"), 24), 5000, "noise"));
        cluster.Apply(new BlockClients(new ClientPrefix(IPAddress.Parse("2001:db8::"), 32), null, ""));
        cluster.Apply(new StageSettings(cluster.State.Baseline with { Services = [Cluster.Web] })).IsOk.Should().BeTrue();
        return cluster;
    }
}
