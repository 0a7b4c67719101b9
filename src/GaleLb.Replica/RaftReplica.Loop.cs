using GaleLb.Raft;
using GaleLb.Replica.Driver;
using GaleLb.Replica.Execution;

namespace GaleLb.Replica;

/// <content>The loop: events in, effects out.</content>
public sealed partial class RaftReplica
{
    private void Run()
    {
        try
        {
            while (!_stopping)
                Turn();
        }
        catch (Exception e)
        {
            // A broken invariant of the protocol or the state machine: to go on would be to guess.
            Crashed(e);
        }

        _queue.Close();
        foreach (QueuedEvent queued in _queue.Take())
            Abandon(queued.Completion);
        foreach (object completion in _completions.Values)
            Abandon(completion);
        _completions.Clear();
    }

    private void Turn()
    {
        List<QueuedEvent> events = _queue.Take();
        TimeSpan now = _time.GetElapsedTime(_started);
        foreach (QueuedEvent queued in events)
        {
            if (queued.Completion is not null)
                _completions.Add(queued.Event.Token, queued.Completion);
            _driver.Handle(queued.Event, now);
        }

        // After the messages: what a peer said before now counts before a timer that runs out now.
        if (now - _ticked >= _options.Tick)
        {
            _ticked = now;
            _driver.Handle(ReplicaEvent.Time(), now);
        }

        _driver.Settle(_effects);
        // First: whoever is told of this turn finds it in the status.
        _status = _driver.Status;
        foreach (ReplicaEffect effect in _effects)
            CarryOut(effect);
        _effects.Clear();
        Volatile.Write(ref _turns, _turns + 1);
    }

    private void CarryOut(in ReplicaEffect effect)
    {
        switch (effect.Kind)
        {
            case ReplicaEffectKind.Send:
                _transport.Send(effect.Message);
                break;
            case ReplicaEffectKind.Disk:
                (effect.Batch.Lane == DiskLane.Log ? _logWorker! : _backgroundWorker!).Submit(effect.Batch);
                break;
            case ReplicaEffectKind.CompleteProposal:
                Complete(effect.Token, effect.Proposal);
                break;
            case ReplicaEffectKind.CompleteRead:
                Complete(effect.Token, new ReadResult(effect.Index));
                break;
            case ReplicaEffectKind.CompleteTransfer:
                Complete(effect.Token, effect.Succeeded);
                break;
            case ReplicaEffectKind.Applied:
                _observer.Applied(effect.Index!.Value);
                break;
            case ReplicaEffectKind.EncodeSnapshot:
                Encode(effect.Capture, effect.Metadata!);
                break;
            case ReplicaEffectKind.Note:
                _observer.Noted(effect.Text);
                break;
            case ReplicaEffectKind.Fatal:
                _fatal.TrySetResult(effect.Text);
                _stopping = true;
                break;
        }
    }

    private void Complete<T>(ulong token, T result)
    {
        if (_completions.Remove(token, out object? completion))
            ((TaskCompletionSource<T>)completion).TrySetResult(result);
    }

    private void Encode(IStateCapture capture, SnapshotMetadata metadata) => ThreadPool.UnsafeQueueUserWorkItem(
        _ =>
        {
            try
            {
                _queue.Post(ReplicaEvent.SnapshotEncoded(new Snapshot(metadata, capture.Encode())));
            }
            catch (Exception e)
            {
                Crashed(e);
            }
        },
        null);

    private void Crashed(Exception e)
    {
        _fatal.TrySetResult(e is UnfitMachineException ? e.Message : $"A defect stopped this replica, and it must not go on: {e}");
        _stopping = true;
        _queue.Wake();
    }

    private static void Abandon(object? completion)
    {
        switch (completion)
        {
            case TaskCompletionSource<ProposalResult> proposal:
                proposal.TrySetResult(new ProposalResult(ProposalOutcome.Unknown, LogIndex.Zero, MemberId.None, default));
                break;
            case TaskCompletionSource<ReadResult> read:
                read.TrySetResult(new ReadResult(null));
                break;
            case TaskCompletionSource<bool> transfer:
                transfer.TrySetResult(false);
                break;
        }
    }
}
