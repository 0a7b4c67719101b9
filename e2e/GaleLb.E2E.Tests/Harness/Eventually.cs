using System.Diagnostics;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>Waits for what a cluster of real processes comes to.</summary>
public static class Eventually
{
    /// <summary>Beyond this a cluster is broken, also on a slow machine. How fast it is, the demo and the benchmarks say.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>How long it took until <paramref name="holds"/> answered true; an answer that throws is a no.</summary>
    /// <exception cref="TimeoutException">It did not hold within a minute.</exception>
    public static Task<TimeSpan> HoldsAsync(string what, Func<Task<bool>> holds) => HoldsAsync(what, Limit, holds);

    /// <summary>The same, for what may take longer.</summary>
    /// <exception cref="TimeoutException">It did not hold within <paramref name="limit"/>.</exception>
    public static async Task<TimeSpan> HoldsAsync(string what, TimeSpan limit, Func<Task<bool>> holds)
    {
        var watch = Stopwatch.StartNew();
        Exception? last = null;
        while (true)
        {
            try
            {
                if (await holds())
                {
                    return watch.Elapsed;
                }

                last = null;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException or KeyNotFoundException or IOException)
            {
                last = error;
            }

            if (watch.Elapsed > limit)
            {
                throw new TimeoutException($"Not within {limit.TotalSeconds:0} s: {what}{(last is null ? "" : $" ({last.Message})")}", last);
            }

            await Task.Delay(Interval);
        }
    }
}
