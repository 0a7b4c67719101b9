using System.Diagnostics;

namespace GaleLb.Bench.Raft;

/// <summary>How long nothing is acknowledged after the leader was killed.</summary>
internal static class Failover
{
    /// <summary>An attempt that has no answer by then is made again, as clients do.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task MeasureAsync(Site site, Report report, TimeSpan election, int kills)
    {
        foreach (Contender contender in new Contender[] { new Etcd(site, election), new Gale(site, election) })
        {
            using (contender)
            {
                await contender.FoundAsync();
                for (int kill = 0; kill < kills; kill++)
                    report.Add($"leader killed, election {election.TotalMilliseconds} ms", "ms", contender.Name, await RunAsync(contender));
            }
        }
    }

    /// <summary>Milliseconds from SIGKILL until one of the others acknowledges an order. The killed one is back and in step on return.</summary>
    public static async Task<double> RunAsync(Contender contender)
    {
        int leader = await contender.SettleAsync();
        using CancellationTokenSource first = new();
        contender.Kill(leader);
        long killed = Stopwatch.GetTimestamp();
        Task<double>[] asking = [.. Enumerable.Range(1, Site.Replicas).Where(n => n != leader).Select(n => AskAsync(contender, n, killed, first.Token))];
        double milliseconds = await await Task.WhenAny(asking);
        await first.CancelAsync();
        await Task.WhenAll(asking);
        contender.Start(leader);
        await contender.SettleAsync();
        return double.IsFinite(milliseconds)
            ? milliseconds : throw new TimeoutException($"{contender.Name}: nothing was acknowledged within {Limit.TotalSeconds} s of the leader's end.");
    }

    private static async Task<double> AskAsync(Contender contender, int replica, long killed, CancellationToken first)
    {
        while (!first.IsCancellationRequested && Stopwatch.GetElapsedTime(killed) < Limit)
        {
            if (await contender.IsAcknowledgedAsync(replica, Patience))
                return Stopwatch.GetElapsedTime(killed).TotalMilliseconds;
            await Task.Delay(1, CancellationToken.None);
        }

        return double.PositiveInfinity;
    }
}
