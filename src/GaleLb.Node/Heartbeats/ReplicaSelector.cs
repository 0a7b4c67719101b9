namespace GaleLb.Node.Heartbeats;

/// <summary>Which replica to try next, and how long to wait before: not at all until the whole list has failed in a row.</summary>
/// <remarks>Every node goes through the list in an order of its own, so that the nodes of a replica that dies spread over all the others.</remarks>
internal sealed class ReplicaSelector
{
    /// <summary>The wait after the first round in which every replica failed; it doubles with each further one.</summary>
    public static readonly TimeSpan BackoffMin = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait as long as the cluster's checks_timeout is not known.</summary>
    public static readonly TimeSpan BackoffMaxDefault = TimeSpan.FromSeconds(3);

    private readonly int[] _order;
    private readonly Random _random;
    private int _next;
    private int _failures;

    /// <summary>
    /// The longest wait. A new leader grants every node one checks_timeout to be heard: two or three attempts must fit in it.
    /// </summary>
    public TimeSpan BackoffMax { get; private set; } = BackoffMaxDefault;

    /// <param name="count">Replicas in the list.</param>
    /// <param name="random">Makes the order, and spreads retries over time.</param>
    public ReplicaSelector(int count, Random random)
    {
        _random = random;
        _order = [.. Enumerable.Range(0, count)];
        for (int i = 0; i < count; i++)
        {
            int other = i + random.Next(count - i);
            (_order[i], _order[other]) = (_order[other], _order[i]);
        }
    }

    /// <summary>True when every replica of the list has failed since the last success.</summary>
    public bool HasListFailed => _failures >= _order.Length;

    /// <summary>The replica to try, by its index in the list, and the wait before. Counts as a failure until <see cref="Succeed"/>.</summary>
    public (int Index, TimeSpan Delay) Next()
    {
        int rounds = _failures / _order.Length;
        TimeSpan delay = rounds > 0 && _failures % _order.Length == 0 ? Backoff(rounds) : TimeSpan.Zero;
        int index = _order[_next];
        _next = (_next + 1) % _order.Length;
        _failures++;
        return (index, delay);
    }

    /// <summary>A replica serves this node: the next failure starts counting anew, with the replica after it.</summary>
    public void Succeed() => _failures = 0;

    /// <summary>Learns the cluster's checks_timeout.</summary>
    public void Fit(TimeSpan checksTimeout) =>
        BackoffMax = TimeSpan.FromTicks(Math.Clamp((checksTimeout / 3).Ticks, BackoffMin.Ticks, BackoffMaxDefault.Ticks));

    private TimeSpan Backoff(int rounds)
    {
        TimeSpan full = BackoffMin * Math.Pow(2, Math.Min(rounds - 1, 16));
        // Half of it fixed, half random: ten thousand nodes do not return in step.
        return (full < BackoffMax ? full : BackoffMax) * (0.5 + _random.NextDouble() / 2);
    }
}
