namespace GaleLb.LoadBalancer.Nodes;

/// <summary>
/// Log time as the leader sees it between entries: what the last applied entry said plus the monotonic time since it was
/// applied here. It stands still while nobody leads, and never goes backward.
/// </summary>
internal sealed class LogClock(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _appliedLogTimeMs;
    private long _appliedAt = time.GetTimestamp();

    /// <summary>The state machine has applied an entry, after which log time is <paramref name="logTimeMs"/>.</summary>
    public void Applied(long logTimeMs)
    {
        lock (_gate)
        {
            _appliedLogTimeMs = logTimeMs;
            _appliedAt = time.GetTimestamp();
        }
    }

    /// <summary>In milliseconds. Meaningful on the leader alone.</summary>
    public long NowMs
    {
        get
        {
            lock (_gate) return _appliedLogTimeMs + (long)time.GetElapsedTime(_appliedAt).TotalMilliseconds;
        }
    }
}
