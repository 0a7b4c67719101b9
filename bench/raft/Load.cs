using System.Diagnostics;
using System.Net;

namespace GaleLb.Bench.Raft;

/// <summary>What a case came to; times in microseconds.</summary>
internal sealed record LoadResult(double PerSecond, double P50, double P99, double ProcessorEach, int Failures);

/// <summary>Clients that each give one order after the other on a connection of its own.</summary>
internal static class Load
{
    /// <summary>Orders to one replica, which leads, for a while.</summary>
    public static async Task<LoadResult> RunAsync(Contender contender, int leader, int clients, TimeSpan duration)
    {
        TimeSpan before = contender.ProcessorTime();
        long start = Stopwatch.GetTimestamp();
        (List<double> Times, int Failures)[] each = await Task.WhenAll(
            Enumerable.Range(0, clients).Select(client => Task.Run(() => ClientAsync(contender, leader, client, duration))));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        TimeSpan used = contender.ProcessorTime() - before;
        List<double> times = [.. each.SelectMany(e => e.Times)];
        if (times.Count == 0)
            throw new InvalidOperationException($"{contender.Name}: no order of {clients} clients was acknowledged.");
        times.Sort();
        return new LoadResult(
            times.Count / seconds, times[times.Count / 2], times[(int)((times.Count - 1) * 0.99)], used.TotalMicroseconds / times.Count, each.Sum(e => e.Failures));
    }

    private static async Task<(List<double> Times, int Failures)> ClientAsync(Contender contender, int leader, int client, TimeSpan duration)
    {
        using HttpConnection connection = new(contender.Endpoint(leader));
        await connection.ConnectAsync(CancellationToken.None);
        byte[] order = contender.Order(client);
        List<double> times = [];
        int failures = 0;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < duration;)
        {
            long sent = Stopwatch.GetTimestamp();
            if ((await connection.CallAsync(order, CancellationToken.None)).Status == 200)
                times.Add(Stopwatch.GetElapsedTime(sent).TotalMicroseconds);
            else
                failures++;
        }

        return (times, failures);
    }
}
