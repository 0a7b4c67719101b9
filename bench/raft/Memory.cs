namespace GaleLb.Bench.Raft;

/// <summary>Resident memory with many records: registered nodes here, keys with values of the same size there.</summary>
internal static class Memory
{
    private const int Records = 10_000;

    public static async Task MeasureAsync(Site site, Report report)
    {
        foreach (Contender contender in new Contender[] { new Etcd(site, TimeSpan.FromSeconds(1)), new Gale(site, TimeSpan.FromSeconds(1)) })
        {
            using (contender)
            {
                await contender.FoundAsync();
                int leader = await contender.SettleAsync();
                await contender.FillAsync(leader, Records);
                for (int replica = 1; replica <= Site.Replicas; replica++)
                    report.Add($"resident memory with {Records:N0} nodes or keys", "MB", contender.Name, contender.Resident(replica) / 1e6);
            }
        }
    }
}
