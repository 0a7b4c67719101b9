using System.Diagnostics;

namespace GaleLb.DataPlane.Tests.Support;

/// <summary>
/// Waits for the kernel. Bounded; and a poll, for no signal reaches this process: neighbours resolve, a peer's packets pass and the sweeper's
/// timeouts run in the kernel's own time, and the maps tell nobody that they changed.
/// </summary>
internal static class Wait
{
    public static void Until(Func<bool> condition, string what, int seconds = 10)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed.TotalSeconds > seconds) throw new TimeoutException($"not within {seconds} s: {what}");
            Thread.Sleep(20);
        }
    }
}
