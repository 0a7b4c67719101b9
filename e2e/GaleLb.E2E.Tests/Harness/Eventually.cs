using System.Diagnostics;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>Waits for what a cluster of real processes comes to.</summary>
public static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>How long it took until <paramref name="holds"/> answered true; an answer that throws is a no.</summary>
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
                throw new TimeoutException($"Not within {limit.TotalSeconds:0.0} s: {what}{(last is null ? "" : $" ({last.Message})")}", last);
            }

            await Task.Delay(Interval);
        }
    }
}
