namespace GaleLb.Node.Heartbeats;

/// <summary>
/// By when the heartbeat loop takes its next turn. It says so before each wait, so that a loop that hangs is told from one
/// that has nothing to do. Thread-safe.
/// </summary>
internal sealed class LoopProgress(TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private long _due;

    /// <summary>How long the loop should have taken a turn ago; zero while it is in time.</summary>
    public TimeSpan Overdue
    {
        get
        {
            TimeSpan late = time.GetElapsedTime(_started) - TimeSpan.FromTicks(Volatile.Read(ref _due));
            return late > TimeSpan.Zero ? late : TimeSpan.Zero;
        }
    }

    /// <summary>The loop takes a turn now, and the next one within that time.</summary>
    public void Expect(TimeSpan within) => Volatile.Write(ref _due, (time.GetElapsedTime(_started) + within).Ticks);
}
