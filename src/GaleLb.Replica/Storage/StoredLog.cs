using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>
/// The log that a data directory holds, snapshots and entries, for looking at without a replica. Read as
/// <see cref="ReplicaStore"/> reads it at start, but nothing is settled: the directory stays as it is.
/// </summary>
public sealed class StoredLog
{
    private readonly IDisk _disk;
    private readonly RecoveredFiles _files;
    private readonly IReadOnlyList<Entry> _entries;

    private StoredLog(IDisk disk, RecoveredFiles files)
    {
        _disk = disk;
        _files = files;

        // What contradicts the snapshot was never committed, and a replica would forget it.
        _entries = files.Matches ? files.Wal.Entries : [];
        Loss = IncompleteFile.Read(disk);
    }

    public MemberId Self => _files.Self;

    /// <summary>What the newest snapshot covers: the last index that this directory alone proves committed; zero for none.</summary>
    public LogIndex Committed => _files.Snapshot?.Metadata.Index ?? LogIndex.Zero;

    /// <summary>The last index, committed or not; zero when the log has none.</summary>
    public LogIndex Last => _entries.Count > 0 ? _entries[^1].Index : Committed;

    /// <summary>Bytes of a torn batch at the end, which are no part of the log.</summary>
    public long TornBytes => _files.Wal.TruncatedBytes;

    /// <summary>An intact record lies behind the torn place: a write that the disk reordered, or damage to the last batch.</summary>
    public bool TailSuspect => _files.Wal.TailSuspect;

    /// <summary>What the member itself had noted down about entries that it lost.</summary>
    public LogLoss Loss { get; }

    /// <exception cref="StorageException">The directory holds no log, or one that is damaged.</exception>
    public static StoredLog Read(IDisk disk)
    {
        if (!disk.List().Contains(IdentityFile.Name, StringComparer.Ordinal))
            throw new StorageException(
                StorageFault.Unreadable, $"{disk.Location} is no data directory of a replica: it has no file {IdentityFile.Name}")
            { File = IdentityFile.Name };
        return new StoredLog(disk, RecoveredFiles.Read(disk, IdentityFile.Read(disk)));
    }

    /// <summary>What leads to the state at an index: the newest snapshot up to it, null for the empty state, and the entries behind that.</summary>
    /// <exception cref="StorageException">
    /// The log does not hold this index, and the message says which it holds; or an older snapshot that is needed is damaged.
    /// </exception>
    public (Snapshot? Start, ImmutableArray<Entry> Entries) To(LogIndex index)
    {
        if (Last == LogIndex.Zero)
            throw Outside(index, "its log is empty");
        if (index > Last)
            throw Outside(index, $"its log ends at {Last}");
        LogIndex oldest = Last.Next();
        for (int i = _files.Snapshots.Count - 1; i >= 0; i--)
        {
            bool newest = i == _files.Snapshots.Count - 1;
            Snapshot snapshot = newest ? _files.Snapshot! : SnapshotFile.Read(_disk, _files.Snapshots[i], Self);
            if (!newest && !Continues(snapshot.Metadata.Index))
                break;
            oldest = snapshot.Metadata.Index;
            if (oldest <= index)
                return (snapshot, Between(oldest, index));
        }

        if (!Continues(LogIndex.Zero))
            throw Outside(index, $"it holds {oldest} to {Last}");
        return index > LogIndex.Zero ? (null, Between(LogIndex.Zero, index)) : throw Outside(index, $"its log holds 1 to {Last}");
    }

    /// <summary>Whether the entries kept begin at or before the one behind this index.</summary>
    private bool Continues(LogIndex index) => _entries.Count > 0 && _entries[0].Index <= index.Next();

    private ImmutableArray<Entry> Between(LogIndex after, LogIndex last) =>
        [.. _entries.SkipWhile(e => e.Index <= after).TakeWhile(e => e.Index <= last)];

    private StorageException Outside(LogIndex index, string held) => new(StorageFault.NotHeld, $"index {index} is not in {_disk.Location}: {held}");
}
