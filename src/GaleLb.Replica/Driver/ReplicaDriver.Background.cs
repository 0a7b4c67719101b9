using GaleLb.Raft;
using GaleLb.Replica.Storage;

namespace GaleLb.Replica.Driver;

/// <content>Snapshots, allocating ahead and removing, on the lane that holds up nothing.</content>
public sealed partial class ReplicaDriver
{
    private enum BackgroundWork : byte
    {
        None,
        Spare,
        Snapshot,
        Removal,
    }

    private readonly DiskBatch _backgroundBatch = new(DiskLane.Background);
    private readonly List<DiskOperation> _removals = [];
    private BackgroundWork _backgroundWork;
    private Snapshot? _snapshotToWrite;
    private TimeSpan _spareNotBefore;
    private TimeSpan _snapshotNotBefore;

    /// <summary>Set from capturing a snapshot until it is durable or given up.</summary>
    private bool _snapshotUnderWay;
    private int _entriesSinceSnapshot;
    private long _bytesSinceSnapshot;

    private void StartSnapshotIfDue()
    {
        bool due = _entriesSinceSnapshot >= _options.Snapshots.EntriesMax || _bytesSinceSnapshot >= _options.Snapshots.BytesMax;
        if (!due || _snapshotUnderWay || _now < _snapshotNotBefore)
            return;
        _snapshotUnderWay = true;
        _entriesSinceSnapshot = 0;
        _bytesSinceSnapshot = 0;
        SnapshotMetadata metadata = new(AppliedIndex, _appliedTerm, _appliedMembership);
        _effects.Add(ReplicaEffect.EncodeSnapshot(_machine.Capture(), metadata));
    }

    private void SnapshotEncoded(Snapshot snapshot) => _snapshotToWrite = snapshot;

    private void StartBackgroundBatch()
    {
        if (_backgroundWork != BackgroundWork.None)
            return;
        List<DiskOperation> operations = _backgroundBatch.Operations;
        operations.Clear();
        _backgroundBatch.Next = 0;
        if (_removals.Count > 0)
        {
            _backgroundWork = BackgroundWork.Removal;
            operations.AddRange(_removals);
            _removals.Clear();
        }
        else if (_store.NeedsSpare && _now >= _spareNotBefore)
        {
            _backgroundWork = BackgroundWork.Spare;
            _store.AllocateSpare(operations);
        }
        else if (_snapshotToWrite is { } snapshot)
        {
            _backgroundWork = BackgroundWork.Snapshot;
            _store.WriteSnapshot(snapshot, operations);
        }

        if (_backgroundWork != BackgroundWork.None)
            _effects.Add(ReplicaEffect.Disk(_backgroundBatch));
    }

    private void BackgroundCompleted()
    {
        BackgroundWork done = _backgroundWork;
        _backgroundWork = BackgroundWork.None;
        switch (done)
        {
            case BackgroundWork.Spare:
                _store.SpareAllocated(succeeded: true);
                _spareRefused = false;
                RecoverFromFull();
                break;
            case BackgroundWork.Snapshot:
                _snapshotUnderWay = false;
                SnapshotDurable(_snapshotToWrite!);
                _snapshotToWrite = null;
                break;
        }
    }

    /// <summary>A snapshot of our own or of the leader is durable: it can be sent, and what it covers goes.</summary>
    private void SnapshotDurable(Snapshot snapshot)
    {
        if (!_shelf.Add(snapshot))
        {
            // A later one was received while this one was being written.
            if (snapshot.Metadata.Index < _shelf.Latest!.Index)
                _removals.Add(DiskOperation.Delete(SnapshotFile.NameOf(snapshot.Metadata)));
            return;
        }

        _core.Compact(snapshot.Metadata.Index, _options.Snapshots.TrailingEntries);
        _store.RemoveCovered(snapshot.Metadata, _removals);
    }

    private void BackgroundFull(StorageException failure)
    {
        BackgroundWork failed = _backgroundWork;
        _backgroundWork = BackgroundWork.None;
        if (failed == BackgroundWork.Spare)
        {
            // The present segment still has room for votes and what the leader sends; leading goes at once.
            _store.SpareAllocated(succeeded: false);
            _spareRefused = true;
            _spareNotBefore = _now + _options.DiskRetry;
            BecomeFull(failure);
            return;
        }

        Note($"A snapshot could not be written; it is tried again. {failure.Message}");
        if (_snapshotToWrite is { } snapshot)
            _removals.Add(DiskOperation.Delete(SnapshotFile.NameOf(snapshot.Metadata) + SnapshotFile.PartialSuffix));
        _snapshotToWrite = null;
        _snapshotUnderWay = false;
        _entriesSinceSnapshot = _options.Snapshots.EntriesMax;
        _snapshotNotBefore = _now + _options.DiskRetry;
    }
}
