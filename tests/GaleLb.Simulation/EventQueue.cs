namespace GaleLb.Simulation;

/// <summary>What is to happen, by time in microseconds; what is due at the same instant happens in the order it was planned.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<Action, (long Time, long Order)> _queue = new();
    private long _order;

    public long Now { get; private set; }

    public void After(long delay, Action action) => _queue.Enqueue(action, (Now + delay, _order++));

    public bool RunNext()
    {
        if (!_queue.TryDequeue(out Action? action, out (long Time, long Order) when))
            return false;
        Now = when.Time;
        action();
        return true;
    }
}
