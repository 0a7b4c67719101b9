using System.Collections.Immutable;
using System.Diagnostics;
using GaleLb.Replica.Storage;
using GaleLb.TestKit;

namespace GaleLb.Replica.Benchmark;

/// <summary>Clients that propose one command after the other at the leader, each waiting for its answer.</summary>
internal static class CommitRate
{
    public static async Task<Measurement> MeasureAsync(string root, int clients, TimeSpan duration)
    {
        ImmutableArray<string> list = ["10.0.0.1:9090", "10.0.0.2:9090", "10.0.0.3:9090"];
        LocalCluster cluster = new();
        foreach (string address in list)
            cluster.Add(new ReplicaOptions { Address = address, Addresses = list }, FileDisk.Open(Path.Combine(root, $"{clients}-{address}")), new DiscardingMachine());
        cluster.Start();
        RaftReplica leader = await cluster.LeaderAsync();
        await RunAsync(leader, clients, TimeSpan.FromSeconds(1));

        long allocated = GC.GetTotalAllocatedBytes();
        Stopwatch elapsed = Stopwatch.StartNew();
        List<double> latencies = await RunAsync(leader, clients, duration);
        Measurement result = Measurement.Of($"{clients} clients", latencies, elapsed.Elapsed, GC.GetTotalAllocatedBytes() - allocated);
        await cluster.StopAsync();
        return result;
    }

    private static async Task<List<double>> RunAsync(RaftReplica leader, int clients, TimeSpan duration)
    {
        List<double>[] each = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(() => ClientAsync(leader, duration))));
        return [.. each.SelectMany(l => l)];
    }

    private static async Task<List<double>> ClientAsync(RaftReplica leader, TimeSpan duration)
    {
        byte[] command = new byte[256];
        List<double> latencies = [];
        Stopwatch running = Stopwatch.StartNew();
        while (running.Elapsed < duration)
        {
            long start = Stopwatch.GetTimestamp();
            ProposalResult result = await leader.ProposeAsync(command, CancellationToken.None);
            if (result.Outcome == ProposalOutcome.Committed)
                latencies.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        }

        return latencies;
    }
}
