using System.Diagnostics;

namespace GaleLb.DataPlane.Tests.Support;

/// <summary>Waits for the kernel, which answers in its own time. Bounded.</summary>
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
