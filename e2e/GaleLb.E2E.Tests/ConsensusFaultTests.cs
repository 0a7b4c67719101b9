using System.Globalization;
using GaleLb.E2E.Tests.Harness;
using Xunit.Abstractions;

namespace GaleLb.E2E.Tests;

/// <summary>A cluster whose replicas have disks of their own to fill and stall, and whose clocks differ.</summary>
public sealed class FaultyClusterFixture : ClusterFixture
{
    protected override ClusterShape Shape => ClusterShape.Faulty;
}

/// <summary>
/// Orders and reads of several clients on all replicas, and faults meanwhile: what the clients saw must be linearizable,
/// nothing acknowledged may be lost, and all replicas must end with one table.
/// </summary>
/// <remarks>
/// GALE_E2E_FAULT_SECONDS=N: faults drawn at random for so long, instead of one of each kind; GALE_E2E_FAULT_SEED repeats the draw.
/// </remarks>
public sealed class ConsensusFaultTests(FaultyClusterFixture fixture, ITestOutputHelper output)
    : ClusterTests(fixture), IClassFixture<FaultyClusterFixture>
{
    private const int Clients = 6;
    private const int WalSegmentBytes = 16 << 20;
    private static readonly TimeSpan FaultTime = TimeSpan.FromSeconds(1.5);

    [RootFact]
    public Task Orders_WhileReplicasFail_AreLinearizableAndNoneIsLost() => ObserveAsync(async () =>
    {
        var seed = (int)Setting("GALE_E2E_FAULT_SEED", 1);
        var time = TimeSpan.FromSeconds(Setting("GALE_E2E_FAULT_SECONDS", 0));
        output.WriteLine($"seed {seed}, {(time > TimeSpan.Zero ? $"{time.TotalSeconds} s" : "each fault once")}");
        await using var clients = await OrderClients.StartAsync(seed, Clients);
        var random = new Random(seed);
        var kinds = new ReplicaFaults(Cluster, random).Kinds;
        if (time == TimeSpan.Zero)
        {
            foreach (var kind in kinds)
            {
                await SufferAsync(await kind(), FaultTime, clients);
            }
        }

        for (var since = DateTime.UtcNow; DateTime.UtcNow - since < time;)
        {
            await SufferAsync(await kinds[random.Next(kinds.Length)](), FaultTime * (0.5 + random.NextDouble()), clients);
        }

        await EndAsync(clients);
    });

    [RootFact]
    public Task Leader_WithoutSpace_StepsDownAndGoesOnOnceThereIsSome() => ObserveAsync(async () =>
    {
        await using var clients = await OrderClients.StartAsync(seed: 2, Clients);
        var full = await new ReplicaFaults(Cluster, new Random(2)).LeaderAsync();
        var told = Cluster.Replica(full).Log.Length;
        bool Said(string what) => Cluster.Replica(full).Log[told..].Contains(what, StringComparison.Ordinal);
        await Cluster.Disk(full).FillAsync(WalSegmentBytes / 2);

        // Until the log reaches its next segment, for which there is no room.
        var limit = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        var others = Cluster.AllReplicas.Remove(full);
        await clients.FloodAsync(() => others[0], writers: 32, () => Said("The disk is full") || DateTime.UtcNow > limit);

        Said("The disk is full").Should().BeTrue("a segment is full and there is no space for another");
        var leader = await Cluster.WaitForLeaderAsync(others);
        others.Should().Contain(leader);
        await ProgressAsync(clients, "the others take orders");
        Cluster.Replica(full).IsRunning.Should().BeTrue("a full disk is no reason to stop forwarding");
        (await Cluster.Api(full).StatusAsync()).IsLeader.Should().BeFalse("it could not write what it is told");

        Cluster.Disk(full).Empty();
        await Eventually.HoldsAsync("it takes part again", () => Task.FromResult(Said("The disk has space again")));
        await EndAsync(clients);
    });

    /// <summary>That the judgement can fail: reads that do not ask the leader are stale at a replica that is cut off.</summary>
    [RootFact]
    public Task LocalReads_AtAReplicaCutOff_AreFoundOut() => ObserveAsync(async () =>
    {
        await using var clients = await OrderClients.StartAsync(seed: 3, clients: 0, consistency: "local");
        var leader = await new ReplicaFaults(Cluster, new Random(3)).LeaderAsync();
        var others = Cluster.AllReplicas.Remove(leader);
        await Partition.CutBothAsync(others[0], leader);
        await Partition.CutBothAsync(others[0], others[1]);
        try
        {
            for (var order = 0; order < 20; order++)
            {
                (await clients.OrderAsync("client", leader)).Should().BeTrue();
                (await clients.ReadAsync("client", others[0])).Should().BeTrue("a local read needs nobody else");
            }
        }
        finally
        {
            await Partition.HealAsync();
        }

        (await clients.JudgeAsync()).Should().Contain(fault => fault.Contains("198.51.", StringComparison.Ordinal), "it read what had been overwritten");
    });

    /// <summary>Lets a fault be for a while. Orders must be acknowledged before it ends, and all replicas must be well soon after.</summary>
    private async Task SufferAsync(ReplicaFault fault, TimeSpan time, OrderClients clients)
    {
        var before = clients.Acknowledged;
        await fault.Begin();
        try
        {
            await Task.Delay(time);
            output.WriteLine($"{fault.Name}: {clients.Acknowledged - before} orders acknowledged meanwhile");
            await ProgressAsync(clients, $"orders are acknowledged while {fault.Name}");
        }
        finally
        {
            await fault.End();
        }

        await ProgressAsync(clients, $"orders are acknowledged after {fault.Name}");
        await Eventually.HoldsAsync($"every replica is ready after {fault.Name}", async () =>
            (await Task.WhenAll(Cluster.AllReplicas.Select(replica => Cluster.Api(replica).IsReadyAsync()))).All(ready => ready));
    }

    private static Task<TimeSpan> ProgressAsync(OrderClients clients, string what)
    {
        var before = clients.Acknowledged;
        return Eventually.HoldsAsync(what, () => Task.FromResult(clients.Acknowledged >= before + Clients));
    }

    private async Task EndAsync(OrderClients clients)
    {
        await Cluster.MendAsync();
        var faults = await clients.JudgeAsync();
        output.WriteLine(clients.Summary());
        faults.Should().BeEmpty();
        clients.Acknowledged.Should().BeGreaterThan(100);
        await Cluster.WaitForSameTableAsync(Cluster.AllReplicas);
    }

    private static double Setting(string name, double usual) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? double.Parse(text, CultureInfo.InvariantCulture) : usual;
}
