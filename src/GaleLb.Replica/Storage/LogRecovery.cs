using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>Joins what the WAL and the newest snapshot say into one log.</summary>
internal static class LogRecovery
{
    /// <summary>
    /// The entries behind the snapshot. False: the log does not reach or contradicts the snapshot (a crash came between
    /// renaming a received one and writing the log's reset), so that the log must begin anew behind it.
    /// </summary>
    /// <exception cref="StorageException">Neither continues the other: something that was durable is missing.</exception>
    public static bool TryContinue(IDisk disk, WalReader wal, SnapshotMetadata? snapshot, out ImmutableArray<Entry> entries)
    {
        entries = [];
        LogIndex covered = snapshot?.Index ?? LogIndex.Zero;
        if (wal.Base.Index > covered && (wal.Entries.Count == 0 || wal.Entries[0].Index > covered))
            throw StorageException.Damaged(disk, Oldest(wal), 0, $"the log continues behind a snapshot at {wal.Base.Index}, but the newest one is at {covered}");
        if (wal.Entries.Count == 0)
            return wal.Base.Index == covered;
        LogIndex first = wal.Entries[0].Index;
        if (first > covered.Next())
            throw StorageException.Damaged(disk, Oldest(wal), 0, $"the log begins at {first}, but the newest snapshot ends at {covered}");
        if (wal.Entries[^1].Index < covered)
            return false;
        if (snapshot is not null && first <= covered && wal.Entries[(int)(covered.Value - first.Value)].Term != snapshot.Term)
            return false;
        entries = [.. wal.Entries.Skip((int)(covered.Next().Value - first.Value))];
        return true;
    }

    private static string Oldest(WalReader wal) => WalFormat.SegmentName(wal.Segments[0].Number);
}
