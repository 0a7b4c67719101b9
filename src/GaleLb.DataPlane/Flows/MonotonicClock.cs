namespace GaleLb.DataPlane.Flows;

/// <summary>The programs' clock: CLOCK_MONOTONIC, which is also .NET's timestamp on Linux.</summary>
internal static class MonotonicClock
{
    public static ulong Nanoseconds(TimeProvider time) =>
        (ulong)((Int128)time.GetTimestamp() * 1_000_000_000 / time.TimestampFrequency);

    /// <summary>In ms, truncated to 32 bits as in flows: compare by unsigned subtraction.</summary>
    public static uint Milliseconds(TimeProvider time) => (uint)(Nanoseconds(time) / 1_000_000);
}
