using System.Diagnostics;

namespace GaleLb.Bench.Raft;

/// <summary>How long a replica takes, after many orders, from its start until it knows the leader again and has all they changed.</summary>
internal static class Restart
{
    private const int Clients = 256;
    private const int Times = 5;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task MeasureAsync(Site site, Report report, int entries)
    {
        foreach (Contender contender in new Contender[] { new Etcd(site, TimeSpan.FromSeconds(1)), new Gale(site, TimeSpan.FromSeconds(1)) })
        {
            using (contender)
            {
                await contender.FoundAsync();
                int leader = await contender.SettleAsync();
                while (await contender.AppliedAsync(leader) < entries)
                    await Load.RunAsync(contender, leader, Clients, Slice);
                int follower = leader % Site.Replicas + 1;
                for (int time = 0; time < Times; time++)
                    report.Add($"restart after {entries:N0} orders", "ms", contender.Name, await RunAsync(contender, leader, follower));
            }
        }
    }

    private static async Task<double> RunAsync(Contender contender, int leader, int follower)
    {
        contender.Kill(follower);
        long applied = await contender.AppliedAsync(leader);
        long started = Stopwatch.GetTimestamp();
        contender.Start(follower);
        while (await contender.AppliedAsync(follower) < applied)
        {
            if (Stopwatch.GetElapsedTime(started) > Limit)
                throw new TimeoutException($"{contender.Name}: replica {follower} is not back within {Limit.TotalSeconds} s.");
            await Task.Delay(5);
        }

        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }
}
