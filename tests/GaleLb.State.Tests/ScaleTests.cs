using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Health;
using GaleLb.State.Nodes;
using GaleLb.State.Snapshots;
using GaleLb.State.Tests.Health;
using Xunit.Abstractions;

namespace GaleLb.State.Tests;

/// <summary>
/// Ten thousand nodes. Bounds are on work done (rings rebuilt, commands proposed), which no busy machine changes;
/// processor times are printed for people.
/// </summary>
[CollectionDefinition(nameof(ScaleTests), DisableParallelization = true)]
[Collection(nameof(ScaleTests))]
public sealed class ScaleTests(ITestOutputHelper output)
{
    private const int Nodes = 10_000;

    [Fact]
    public void Apply_TenThousandRegistrations_TouchesOneRecordEach()
    {
        TimeSpan start = Cpu();
        Cluster cluster = TenThousand();
        output.WriteLine($"register and route {Nodes}: {(Cpu() - start).TotalMilliseconds:F1} ms");

        ClusterState before = cluster.State;
        start = Cpu();
        cluster.Down("n5000");
        output.WriteLine($"one node down: {(Cpu() - start).TotalMicroseconds:F0} us");

        cluster.State.Tally.Routable.Should().Be(Nodes - 1);
        cluster.State.Nodes.Count(n => !ReferenceEquals(n.Value, before.Nodes[n.Key])).Should().Be(1);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            cluster.Apply(new SetNodeWeight($"n{i}", 7, Force: false));
        allocated = (GC.GetAllocatedBytesForCurrentThread() - allocated) / 100;
        output.WriteLine($"one weight: {allocated} bytes allocated");
        allocated.Should().BeLessThan(64 * 1024, "a change must not copy what grows with the number of nodes");
    }

    [Fact]
    public void Next_OneNodeOfTenThousandChanges_RebuildsItsRingsOnly()
    {
        Cluster cluster = Cluster.Founded(null, [.. Enumerable.Range(0, 50).Select(i => Cluster.Service($"s{i}", (ushort)(1000 + i)))]);
        Register(cluster, i => [$"s{i % 50}"]);
        ForwardingTableBuilder builder = new();
        TimeSpan start = Cpu();
        ForwardingTable before = builder.Next(cluster.State);
        output.WriteLine($"50 rings of 200 nodes from nothing: {(Cpu() - start).TotalMilliseconds:F1} ms");
        cluster.Down("n51");

        start = Cpu();
        ForwardingTable after = builder.Next(cluster.State);
        output.WriteLine($"table after one change: {(Cpu() - start).TotalMilliseconds:F1} ms");

        after.Rings.Count(r => before.Rings.Any(b => ReferenceEquals(b, r))).Should().Be(49);
        after.Nodes.Count(n => ReferenceEquals(n, before.Nodes[n.Index.Value - 1])).Should().Be(Nodes, "its row says nothing of rings");
        after.Digest.Should().NotBe(before.Digest);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(1_000)]
    [InlineData(10_000)]
    public void Build_ManyNodes_FillsEverySlot(int count)
    {
        MaglevNode[] nodes = [.. Enumerable.Range(1, count).Select(i => new MaglevNode(
            new NodeIndex((ushort)i), Maglev.Permutation($"n{i}", 42), 100))];
        TimeSpan best = TimeSpan.MaxValue;
        ImmutableArray<NodeIndex> ring = [];
        for (int i = 0; i < 5; i++)
        {
            TimeSpan start = Cpu();
            ring = Maglev.Build(nodes);
            TimeSpan took = Cpu() - start;
            best = took < best ? took : best;
        }

        output.WriteLine($"ring of {count} nodes: {best.TotalMilliseconds:F1} ms");
        ring.Should().NotContain(default(NodeIndex));
    }

    [Fact]
    public void Encode_TenThousandNodes_RestoresTheSame()
    {
        Cluster cluster = TenThousand();
        TimeSpan start = Cpu();
        byte[] bytes = StateSnapshotCodec.Encode(cluster.State);
        output.WriteLine($"encode {bytes.Length} bytes: {(Cpu() - start).TotalMilliseconds:F1} ms");
        start = Cpu();
        ClusterState decoded = StateSnapshotCodec.Decode(bytes);
        output.WriteLine($"decode: {(Cpu() - start).TotalMilliseconds:F1} ms");
        start = Cpu();
        ForwardingTable table = ForwardingTableBuilder.Derive(decoded);
        output.WriteLine($"table of one ring of {Nodes} nodes: {(Cpu() - start).TotalMilliseconds:F1} ms");

        StateSnapshotCodec.Encode(decoded).AsSpan().SequenceEqual(bytes).Should().BeTrue();
        table.Digest.Should().Be(cluster.Table().Digest);
    }

    [Fact]
    public void Judge_TenThousandSteadyNodesAndATenthDies_ProposesThatTenthOnce()
    {
        Cluster cluster = TenThousand();
        HealthJudge judge = new();
        TimeSpan now = TimeSpan.FromHours(1);
        judge.BecomeLeader(cluster.State, now);
        HeartbeatObservation[] heartbeats = [.. Enumerable.Range(0, Nodes).Select(i => new HeartbeatObservation(
            $"n{i}", 1, cluster.Node($"n{i}").Place!.Address, 0, 100, ServingStatus.Serving, [], [], "", TimeSpan.Zero))];
        List<Command> proposed = [];
        TimeSpan start = Cpu();
        for (int second = 0; second < 10; second++)
        {
            for (int tenth = 0; tenth < 10; tenth++, now += TimeSpan.FromMilliseconds(100))
            {
                for (int i = tenth; i < Nodes; i += 10)
                    if (second < 3 || i >= Nodes / 10)
                        judge.Observe(heartbeats[i], now);
                proposed.AddRange(judge.Decide(cluster.State, new LogTime(second * 1000), now));
            }
        }

        output.WriteLine($"ten seconds of {Nodes} nodes: {(Cpu() - start).TotalMilliseconds:F1} ms");
        proposed.OfType<NodeDown>().Select(d => d.Node).Distinct().Should().HaveCount(Nodes / 10);
        proposed.Should().OnlyContain(c => c is NodeDown);
    }

    private static TimeSpan Cpu() => Environment.CpuUsage.TotalTime;

    private static Cluster TenThousand()
    {
        Cluster cluster = Cluster.Founded();
        Register(cluster, _ => []);
        return cluster;
    }

    private static void Register(Cluster cluster, Func<int, string[]> services)
    {
        for (int i = 0; i < Nodes; i++)
            cluster.Apply(new NodeRegister($"n{i}", LogIndex.Zero, Cluster.At($"10.1.{i >> 8}.{(i & 255)}", services: services(i)), Serving: true));
        foreach (ImmutableArray<Command> thousand in Enumerable.Range(0, Nodes).Chunk(1000)
            .Select(c => c.Select(i => (Command)new NodeRoutable($"n{i}", cluster.Seen($"n{i}"))).ToImmutableArray()))
            cluster.Apply(new Batch(thousand));
        cluster.State.Tally.Routable.Should().Be(Nodes);
    }
}
