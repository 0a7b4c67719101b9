namespace GaleLb.State.Health;

/// <summary>
/// A timing wheel: setting a deadline and letting one pass cost O(1), whatever number of nodes there is (Varghese and
/// Lauck 1987, scheme 4). Deadlines beyond the horizon come up early, deadlines put off come up at the old time: who is
/// woken looks whether it is time and sets the next.
/// </summary>
internal sealed class DeadlineWheel
{
    private const int Buckets = 4096;
    private static readonly TimeSpan TickLength = TimeSpan.FromMilliseconds(10);

    private readonly List<NodeWatch>[] _buckets = new List<NodeWatch>[Buckets];
    private long _tick;

    public DeadlineWheel(TimeSpan now)
    {
        for (int i = 0; i < Buckets; i++)
            _buckets[i] = [];
        _tick = now.Ticks / TickLength.Ticks;
    }

    /// <summary>Wakes <paramref name="watch"/> at <paramref name="deadline"/> or before.</summary>
    public void Schedule(NodeWatch watch, TimeSpan deadline)
    {
        long tick = Math.Clamp((deadline.Ticks + TickLength.Ticks - 1) / TickLength.Ticks, _tick + 1, _tick + Buckets - 1);
        if (watch.ScheduledTick > _tick && watch.ScheduledTick <= tick)
            return;
        watch.ScheduledTick = tick;
        _buckets[tick % Buckets].Add(watch);
    }

    /// <summary>Moves on to <paramref name="now"/> and hands over whoever's time has come.</summary>
    public void Advance(TimeSpan now, Action<NodeWatch> wake)
    {
        long target = now.Ticks / TickLength.Ticks;
        long steps = Math.Min(target - _tick, Buckets);
        for (long step = steps - 1; step >= 0; step--)
        {
            List<NodeWatch> bucket = _buckets[(target - step) % Buckets];
            if (bucket.Count == 0)
                continue;
            foreach (NodeWatch watch in bucket)
            {
                // A watch that was scheduled anew elsewhere left an old entry here.
                if (watch.ScheduledTick < 0 || watch.ScheduledTick > target || watch.ScheduledTick % Buckets != (target - step) % Buckets)
                    continue;
                watch.ScheduledTick = -1;
                wake(watch);
            }

            bucket.Clear();
        }

        _tick = Math.Max(_tick, target);
    }
}
