using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Commands;

namespace GaleLb.State.Health;

/// <summary>
/// Proposes the end of what is due in one collection of the state. Walks it only when the collection is another one or
/// its nearest end has come, and repeats a proposal only when it seems lost.
/// </summary>
internal sealed class ExpirySweep<T>
    where T : class
{
    // By reference: an item that did not change is the same object in the next collection. Never enumerated.
    private Dictionary<T, InFlight> _inFlight = new(ReferenceEqualityComparer.Instance);
    private object? _walked;
    private LogTime _nearest;
    private TimeSpan _retryAt = TimeSpan.MaxValue;

    public void Forget()
    {
        _inFlight.Clear();
        _walked = null;
        _retryAt = TimeSpan.MaxValue;
    }

    /// <param name="collection">Compared by reference.</param>
    /// <param name="items">What it holds, in order.</param>
    /// <param name="until">When an item ends; null never.</param>
    /// <param name="end">The command that ends it.</param>
    /// <param name="commands">Takes the commands.</param>
    /// <param name="logTimeNow">By which ends are judged.</param>
    /// <param name="now">By which repetitions are.</param>
    public void Collect(
        object collection, IEnumerable<T> items, Func<T, LogTime?> until, Func<T, Command> end,
        ImmutableArray<Command>.Builder commands, LogTime logTimeNow, TimeSpan now)
    {
        if (ReferenceEquals(collection, _walked) && logTimeNow < _nearest && now < _retryAt)
            return;
        _walked = collection;
        _nearest = new LogTime(long.MaxValue);
        _retryAt = TimeSpan.MaxValue;
        Dictionary<T, InFlight> last = _inFlight;
        _inFlight = new Dictionary<T, InFlight>(ReferenceEqualityComparer.Instance);
        foreach (T item in items)
        {
            if (until(item) is not { } due)
                continue;
            if (logTimeNow < due)
            {
                _nearest = due < _nearest ? due : _nearest;
                continue;
            }

            InFlight? inFlight = last.GetValueOrDefault(item);
            if (inFlight is null || now >= inFlight.RetryAt)
            {
                inFlight = InFlight.After(inFlight, LogIndex.Zero, now);
                commands.Add(end(item));
            }

            _inFlight.Add(item, inFlight);
            _retryAt = inFlight.RetryAt < _retryAt ? inFlight.RetryAt : _retryAt;
        }
    }
}
