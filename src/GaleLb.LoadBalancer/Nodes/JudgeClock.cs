namespace GaleLb.LoadBalancer.Nodes;

/// <summary>
/// The health judge's time: monotonic, but it stands still while the judge does. When this process was stopped for a
/// while (SIGSTOP, a starved machine), the heartbeats of that while lie unread in sockets: taking the time as passed
/// would eject nodes for this replica's own absence. Not thread-safe.
/// </summary>
internal sealed class JudgeClock(TimeProvider time)
{
    /// <summary>Rounds come every 50 ms; a gap beyond this is no node's fault.</summary>
    public static readonly TimeSpan RoundMax = TimeSpan.FromMilliseconds(200);

    private TimeSpan _atRound;
    private long _roundAt = time.GetTimestamp();

    public TimeSpan Time
    {
        get
        {
            TimeSpan since = time.GetElapsedTime(_roundAt);
            return _atRound + (since < RoundMax ? since : RoundMax);
        }
    }

    /// <summary>The judge is about to decide.</summary>
    public void Round()
    {
        _atRound = Time;
        _roundAt = time.GetTimestamp();
    }
}
