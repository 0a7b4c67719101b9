using GaleLb.Raft;
using GaleLb.Replica;

namespace GaleLb.TestKit;

/// <summary>Lets a test wait for what a replica does.</summary>
public sealed class AwaitableObserver : IReplicaObserver
{
    private readonly Lock _gate = new();
    private readonly List<string> _notes = [];
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LogIndex _applied;

    public IReadOnlyList<string> Notes
    {
        get
        {
            lock (_gate)
                return [.. _notes];
        }
    }

    public void Applied(LogIndex index)
    {
        lock (_gate)
            _applied = index;
        Signal();
    }

    public void Noted(string text)
    {
        lock (_gate)
            _notes.Add(text);
        Signal();
    }

    public Task NextAsync()
    {
        lock (_gate)
            return _next.Task;
    }

    public async Task AppliedAsync(LogIndex index)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (_applied >= index)
                    return;
                next = _next.Task;
            }

            await next;
        }
    }

    private void Signal()
    {
        lock (_gate)
        {
            _next.TrySetResult();
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
