using GaleLb.Replica.Driver;

namespace GaleLb.Replica.Execution;

/// <summary>An event with the task that waits for its outcome, if one does.</summary>
internal readonly record struct QueuedEvent(ReplicaEvent Event, object? Completion);

/// <summary>
/// What waits for the loop. Everything that gathered is taken at once, so that events arriving together share a disk batch.
/// Peers' messages and clients' requests are bounded apart; the replica's own completions always get in.
/// </summary>
internal sealed class EventQueue(int messagesMax, int requestsMax)
{
    private readonly object _gate = new();
    private List<QueuedEvent> _filling = [];
    private List<QueuedEvent> _spare = [];
    private int _messages;
    private int _requests;
    private bool _woken;
    private bool _closed;

    public bool TryPostMessage(in ReplicaEvent message)
    {
        lock (_gate)
        {
            if (_closed || _messages >= messagesMax)
                return false;
            _messages++;
            Add(new QueuedEvent(message, null));
            return true;
        }
    }

    public bool TryPostRequest(in ReplicaEvent request, object completion)
    {
        lock (_gate)
        {
            if (_closed || _requests >= requestsMax)
                return false;
            _requests++;
            Add(new QueuedEvent(request, completion));
            return true;
        }
    }

    public void Post(in ReplicaEvent completion)
    {
        lock (_gate)
            Add(new QueuedEvent(completion, null));
    }

    /// <summary>Makes <see cref="Take"/> return though nothing was posted: time has passed, or the loop is to end.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits for events or a wake-up. The list is the caller's until the next call.</summary>
    public List<QueuedEvent> Take()
    {
        lock (_gate)
        {
            while (_filling.Count == 0 && !_woken)
                Monitor.Wait(_gate);
            _woken = false;
            _messages = 0;
            _requests = 0;
            List<QueuedEvent> taken = _filling;
            _spare.Clear();
            (_filling, _spare) = (_spare, taken);
            return taken;
        }
    }

    /// <summary>Refuses messages and requests from now on; what waits is left to a last <see cref="Take"/>.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _woken = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Add(in QueuedEvent queued)
    {
        _filling.Add(queued);
        if (_filling.Count == 1)
            Monitor.Pulse(_gate);
    }
}
