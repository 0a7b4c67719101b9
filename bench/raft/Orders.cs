namespace GaleLb.Bench.Raft;

/// <summary>Committed orders a second and their latency, side by side in interleaved rounds.</summary>
internal static class Orders
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);
    private static readonly int[] Clients = [1, 16, 256];

    public static async Task MeasureAsync(Site site, Report report, int rounds, TimeSpan duration)
    {
        for (int round = 1; round <= rounds; round++)
        {
            (double p50, double p99) = Anchor.Measure(site, duration / 2);
            report.Add("1 client, p50", "us", "anchor", p50);
            report.Add("1 client, p99", "us", "anchor", p99);
            using Etcd etcd = new(site, TimeSpan.FromSeconds(1));
            await RunAsync(etcd, report, duration);
            etcd.Dispose();
            using Gale gale = new(site, TimeSpan.FromSeconds(1));
            await RunAsync(gale, report, duration);
        }
    }

    private static async Task RunAsync(Contender contender, Report report, TimeSpan duration)
    {
        await contender.FoundAsync();
        int leader = await contender.SettleAsync();
        await Load.RunAsync(contender, leader, clients: 64, WarmUp);
        foreach (int clients in Clients)
        {
            LoadResult result = await Load.RunAsync(contender, leader, clients, duration);
            string name = clients == 1 ? "1 client" : $"{clients} clients";
            report.Add($"{name}, orders", "1/s", contender.Name, result.PerSecond);
            report.Add($"{name}, p50", "us", contender.Name, result.P50);
            report.Add($"{name}, p99", "us", contender.Name, result.P99);
            report.Add($"{name}, processor time each", "us", contender.Name, result.ProcessorEach);
            Console.Error.WriteLine($"{contender.Name}: {name}: {result}");
            if (result.Failures > 0)
                throw new InvalidOperationException($"{contender.Name}: {result.Failures} orders of {name} failed.");
        }

        for (int replica = 1; replica <= Site.Replicas; replica++)
            report.Add("resident memory after that", "MB", contender.Name, contender.Resident(replica) / 1e6);
    }
}
