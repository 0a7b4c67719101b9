using GaleLb.Raft;
using GaleLb.Replica.Storage;

namespace GaleLb.Replica.Driver;

/// <content>Group commit: one batch of the log lane is under way, and what arrives meanwhile forms the next.</content>
public sealed partial class ReplicaDriver
{
    private readonly DiskBatch _logBatch = new(DiskLane.Log);
    private readonly List<Ready> _pending = [];
    private readonly List<Ready> _writing = [];
    private bool _logBusy;

    /// <summary>When a batch that found no space is tried again; null while none waits.</summary>
    private TimeSpan? _logRetry;
    private bool _spareRefused;

    /// <summary>Ticks that the log batch under way has been waited for. A pause of this process counts as few, as for the core.</summary>
    private long _logWaited;

    /// <summary>No space was found: this replica does not lead and takes no orders until there is some.</summary>
    public bool DiskFull { get; private set; }

    /// <summary>
    /// The disk has not answered for an election timeout: this replica does not lead. As a leader it would hold up every order,
    /// since it applies nothing that it has not written itself, while its heartbeats keep the others from taking over.
    /// </summary>
    public bool DiskStalled { get; private set; }

    private void StartLogBatch()
    {
        while (!_logBusy && _pending.Count > 0)
        {
            _writing.AddRange(_pending);
            _pending.Clear();
            _logBatch.Operations.Clear();
            _logBatch.Next = 0;
            FillLogBatch();
            _logBusy = true;
            _logWaited = 0;
            if (_logBatch.Operations.Count > 0)
                _effects.Add(ReplicaEffect.Disk(_logBatch));
            else
                LogBatchDurable();
        }
    }

    /// <summary>Term and vote go first: entries must never be on disk in a term that is not.</summary>
    private void FillLogBatch()
    {
        HardState? hardState = null;
        foreach (Ready ready in _writing)
            hardState = ready.HardState ?? hardState;
        if (hardState is { } state)
            _store.WriteHardState(state, _logBatch.Operations);
        foreach (Ready ready in _writing)
        {
            if (ready.Snapshot is { } snapshot)
                _store.ReplaceLog(snapshot, _logBatch.Operations);
            _store.Append(ready.Entries);
        }

        _store.Flush(_logBatch.Operations);
    }

    private void LogBatchDurable()
    {
        _logBusy = false;
        _core.Persisted(_writing[^1].Sequence);
        foreach (Ready ready in _writing)
        {
            foreach (Message message in ready.MessagesAfterPersist)
                _effects.Add(ReplicaEffect.Send(message));
            if (ready.Snapshot is { } snapshot)
                SnapshotDurable(snapshot);
        }

        _writing.Clear();
        while (_core.HasReady)
            Take(_core.TakeReady());
    }

    private void DiskCompleted(DiskLane lane)
    {
        if (lane == DiskLane.Background)
        {
            BackgroundCompleted();
            return;
        }

        _logRetry = null;
        LogBatchDurable();
        RecoverFromStall();
        RecoverFromFull();
    }

    private void DiskFailed(DiskLane lane, StorageException failure)
    {
        if (failure.Fault != StorageFault.Full)
        {
            Stop($"The data directory failed, and what it holds is no longer certain; this process ends and must recover from disk. {failure.Message}");
            return;
        }

        if (lane == DiskLane.Background)
        {
            BackgroundFull(failure);
            return;
        }

        _logRetry = _now + _options.DiskRetry;
        BecomeFull(failure);
    }

    private void BecomeFull(StorageException failure)
    {
        if (DiskFull)
            return;
        DiskFull = true;
        Note($"The disk is full: this replica gives up leading and takes no orders until there is space. {failure.Message}");
        _core.StepDown();
    }

    private void RecoverFromFull()
    {
        if (!DiskFull || _logRetry is not null || _spareRefused)
            return;
        DiskFull = false;
        Note("The disk has space again: this replica takes part as before.");
        Rejoin();
    }

    private void NoticeStall(long ticks)
    {
        if (!_logBusy || _logRetry is not null || DiskStalled)
            return;
        _logWaited += ticks;
        TimeSpan waited = _options.Tick * _logWaited;
        if (waited < _options.ElectionTimeoutMax)
            return;
        DiskStalled = true;
        Note($"The disk has not answered for {waited.TotalMilliseconds:0} ms: this replica does not lead until it does.");
        _core.StepDown();
    }

    private void RecoverFromStall()
    {
        if (!DiskStalled)
            return;
        DiskStalled = false;
        Note("The disk answers again: this replica takes part as before.");
        Rejoin();
    }

    private void Rejoin()
    {
        if (DiskFull || DiskStalled || _foundingSuspended)
            return;
        WaitOutPromises();
        _core.Campaign();
    }

    private void RetryLogBatch()
    {
        if (_logRetry is not { } due || _now < due)
            return;

        // It was reported failed, so it is not under way; everything before its Next is done.
        _logRetry = TimeSpan.MaxValue;
        _effects.Add(ReplicaEffect.Disk(_logBatch));
    }
}
