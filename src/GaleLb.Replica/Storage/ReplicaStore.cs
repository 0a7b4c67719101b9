using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>Sizes of the store, in bytes.</summary>
public sealed record StoreOptions
{
    /// <summary>A WAL segment's preallocated length.</summary>
    public long SegmentBytes { get; init; } = 16 << 20;

    /// <summary>
    /// Whether a damaged log is put aside, so that the replica starts with an empty one and has the others make it complete;
    /// otherwise it is refused. Only where there are others.
    /// </summary>
    public bool SetDamageAside { get; init; }
}

/// <summary>What was found when a directory was opened, for the log and for status.</summary>
/// <param name="Created">The directory was new.</param>
/// <param name="TruncatedBytes">The length of a torn batch that was cut off the end of the WAL; 0 for none.</param>
/// <param name="TailSuspect">An intact record lay behind the break: a write the disk reordered, or damage to the last batch.</param>
/// <param name="Damage">Why the log was put aside; null when it was not.</param>
public sealed record RecoveryReport(bool Created, long TruncatedBytes, bool TailSuspect, string? Damage);

/// <summary>
/// One replica's directory: identity, hard state, WAL and snapshots. Opening recovers and settles it synchronously; from
/// then on it only turns work into <see cref="DiskOperation"/>s for the caller to execute in order.
/// </summary>
public sealed class ReplicaStore
{
    private readonly HardStateFile _hardState;
    private readonly WalWriter _wal;
    private readonly List<string> _snapshots;

    private ReplicaStore(MemberId self, HardStateFile hardState, WalWriter wal, List<string> snapshots, Snapshot? snapshot, ImmutableArray<Entry> entries, LogLoss loss,
        RecoveryReport report)
    {
        Self = self;
        _hardState = hardState;
        _wal = wal;
        _snapshots = snapshots;
        Snapshot = snapshot;
        Recovery = new RaftRecovery { HardState = hardState.State, Snapshot = snapshot?.Metadata, Entries = entries, Loss = loss };
        Report = report;
    }

    public MemberId Self { get; }

    /// <summary>What the core starts from.</summary>
    public RaftRecovery Recovery { get; }

    /// <summary>The newest snapshot as it was at opening, with its state.</summary>
    public Snapshot? Snapshot { get; }

    public RecoveryReport Report { get; }

    /// <summary>Whether the next WAL segment should be allocated ahead.</summary>
    public bool NeedsSpare => _wal.NeedsSpare;

    /// <summary>Opens a directory, making it if it is empty.</summary>
    /// <param name="newId">Makes the random id of a new directory; called at most once.</param>
    /// <exception cref="StorageException">The directory cannot be used; the message says why and what to do.</exception>
    public static ReplicaStore Open(IDisk disk, StoreOptions options, Func<MemberId> newId)
    {
        IReadOnlyList<string> files = disk.List();
        bool created = !files.Contains(IdentityFile.Name, StringComparer.Ordinal);
        if (created)
            Create(disk, files, options, newId());

        MemberId self = IdentityFile.Read(disk);
        try
        {
            return Recover(disk, options, self, created, damage: null);
        }
        catch (StorageException failure) when (options.SetDamageAside && DamagedLog.Concerns(failure))
        {
            DamagedLog.SetAside(disk, options, self);
            return Recover(disk, options, self, created, failure.Message);
        }
    }

    private static ReplicaStore Recover(IDisk disk, StoreOptions options, MemberId self, bool created, string? damage)
    {
        RecoveredFiles files = RecoveredFiles.Read(disk, self);
        (HardStateFile hardState, WalReader reader) = (files.HardState, files.Wal);
        LogLoss loss = IncompleteFile.Read(disk);
        List<DiskOperation> operations = [];
        if (reader.TailSuspect && loss == LogLoss.None)
        {
            loss = LogLoss.Possible;
            IncompleteFile.Create(loss, operations);
        }

        hardState.Write(hardState.State, operations);
        reader.Settle(operations);
        foreach (string partial in disk.List().Where(SnapshotFile.IsPartial))
            operations.Add(DiskOperation.Delete(partial));
        WalWriter wal = new(self, options.SegmentBytes, reader.Segments, reader.Tail, reader.Capacity, reader.SpareBytes);
        if (!files.Matches)
        {
            wal.AddReset(files.Snapshot!.Metadata.Index, files.Snapshot.Metadata.Term);
            wal.Flush(operations);
        }
        else
        {
            wal.MarkDurable(operations);
        }

        foreach (DiskOperation operation in operations)
            disk.Execute(operation);
        return new ReplicaStore(
            self, hardState, wal, files.Snapshots, files.Snapshot, files.Entries, loss,
            new RecoveryReport(created, reader.TruncatedBytes, reader.TailSuspect, damage));
    }

    /// <summary>Adds a ready's durable part to the flush that <see cref="Flush"/> will make.</summary>
    public void Append(ImmutableArray<Entry> entries)
    {
        foreach (Entry entry in entries)
            _wal.Add(entry);
    }

    /// <summary>Appends the operations for a hard state, which come before the entries of the same flush.</summary>
    public void WriteHardState(HardState state, List<DiskOperation> operations) => _hardState.Write(state, operations);

    /// <summary>A received snapshot takes the log's place: writes it, and begins the log anew behind it.</summary>
    public void ReplaceLog(Snapshot snapshot, List<DiskOperation> operations)
    {
        WriteSnapshot(snapshot, operations);
        _wal.AddReset(snapshot.Metadata.Index, snapshot.Metadata.Term);
    }

    /// <summary>The operations for everything appended since the last flush. Their bytes stay valid until the next.</summary>
    public void Flush(List<DiskOperation> operations) => _wal.Flush(operations);

    /// <summary>The operations that make a snapshot durable beside the ones before it.</summary>
    public void WriteSnapshot(Snapshot snapshot, List<DiskOperation> operations) => SnapshotFile.Write(snapshot, Self, operations);

    /// <summary>A snapshot is durable: the operations that remove older snapshots and the WAL segments it covers.</summary>
    public void RemoveCovered(SnapshotMetadata durable, List<DiskOperation> operations)
    {
        string name = SnapshotFile.NameOf(durable);
        foreach (string old in _snapshots)
            if (string.CompareOrdinal(old, name) < 0)
                operations.Add(DiskOperation.Delete(old));
        _snapshots.RemoveAll(old => string.CompareOrdinal(old, name) < 0);
        _snapshots.Add(name);
        _wal.Compact(durable.Index, operations);
    }

    /// <summary>The operations that allocate the next WAL segment; report the outcome to <see cref="SpareAllocated"/>.</summary>
    public void AllocateSpare(List<DiskOperation> operations) => _wal.AllocateSpare(operations);

    public void SpareAllocated(bool succeeded) => _wal.SpareAllocated(succeeded);

    private static void Create(IDisk disk, IReadOnlyList<string> files, StoreOptions options, MemberId self)
    {
        // Interrupted creation leaves its own marker; anything else without an identity was once a replica's.
        bool interrupted = files.Contains(IdentityFile.PartialName, StringComparer.Ordinal);
        foreach (string file in files)
            if (!interrupted && (file == HardStateFile.Name || WalFormat.TryParseSegmentName(file, out _) || SnapshotFile.IsSnapshot(file)))
                throw StorageException.Damaged(disk, IdentityFile.Name, 0, $"it is missing, but {file} is there");

        string segment = WalFormat.SegmentName(1);
        List<DiskOperation> operations =
        [
            DiskOperation.Delete(HardStateFile.Name),
            DiskOperation.Delete(segment),
            DiskOperation.Write(IdentityFile.PartialName, 0, IdentityFile.Encode(self)),
            DiskOperation.Sync(IdentityFile.PartialName),
            DiskOperation.SyncDirectory(),
        ];
        HardStateFile.Create(self, operations);
        WalFormat.Create(self, options.SegmentBytes, operations);
        operations.Add(DiskOperation.SyncDirectory());
        operations.Add(DiskOperation.Rename(IdentityFile.PartialName, IdentityFile.Name));
        operations.Add(DiskOperation.SyncDirectory());
        foreach (DiskOperation operation in operations)
            disk.Execute(operation);
    }
}
