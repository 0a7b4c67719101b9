namespace GaleLb.Node.Heartbeats;

/// <summary>Which replica to try next, and how long to wait before: not at all until the whole list has failed in a row.</summary>
/// <param name="count">Replicas in the list.</param>
/// <param name="random">Spreads nodes over replicas at the start, and their retries over time.</param>
internal sealed class ReplicaSelector(int count, Random random)
{
    /// <summary>The wait after the first round in which every replica failed; it doubles with each further one.</summary>
    public static readonly TimeSpan BackoffMin = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait as long as the cluster's checks_timeout is not known.</summary>
    public static readonly TimeSpan BackoffMaxDefault = TimeSpan.FromSeconds(3);

    private int _next = random.Next(count);
    private int _failures;

    /// <summary>
    /// The longest wait. A new leader grants every node one checks_timeout to be heard: two or three attempts must fit in it.
    /// </summary>
    public TimeSpan BackoffMax { get; private set; } = BackoffMaxDefault;

    /// <summary>True when the next attempt comes after a wait: every replica of the list has failed since the last success.</summary>
    public bool HasListFailed => _failures >= count;

    /// <summary>The replica to try, by its index in the list, and the wait before. Counts as a failure until <see cref="Succeed"/>.</summary>
    public (int Index, TimeSpan Delay) Next()
    {
        int rounds = _failures / count;
        TimeSpan delay = rounds > 0 && _failures % count == 0 ? Backoff(rounds) : TimeSpan.Zero;
        int index = _next;
        _next = (_next + 1) % count;
        _failures++;
        return (index, delay);
    }

    /// <summary>A replica serves this node: the next failure starts counting anew, with the replica after it.</summary>
    public void Succeed() => _failures = 0;

    public void Fit(TimeSpan checksTimeout) =>
        BackoffMax = TimeSpan.FromTicks(Math.Clamp((checksTimeout / 3).Ticks, BackoffMin.Ticks, BackoffMaxDefault.Ticks));

    private TimeSpan Backoff(int rounds)
    {
        TimeSpan full = BackoffMin * Math.Pow(2, Math.Min(rounds - 1, 16));
        // Half of it fixed, half random: ten thousand nodes do not return in step.
        return (full < BackoffMax ? full : BackoffMax) * (0.5 + random.NextDouble() / 2);
    }
}
