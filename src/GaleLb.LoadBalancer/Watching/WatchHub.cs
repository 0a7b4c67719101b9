namespace GaleLb.LoadBalancer.Watching;

/// <summary>
/// Wakes the open streams when something was applied, and bounds their number. A stream holds nothing here but its place in a
/// line of waiters: what it is to send it reads from immutable states when it can write, so a slow reader costs no memory.
/// </summary>
internal sealed class WatchHub(WatchOptions options)
{
    private TaskCompletionSource _changed = NewChange();
    private int _open;
    private long _dropped;

    public WatchOptions Options => options;

    public int Open => Volatile.Read(ref _open);

    /// <summary>Streams that were ended because their reader was too slow.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Ends at the next change. Taken before the state is read, so that no change falls in between.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>Called on the replica's thread: waiters go on elsewhere.</summary>
    public void Wake() => Interlocked.Exchange(ref _changed, NewChange()).TrySetResult();

    /// <summary>False when as many streams are open as may be; else <see cref="Leave"/> is owed.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= options.WatchersMax)
            return true;
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _open);

    public void CountDropped() => Interlocked.Increment(ref _dropped);

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
