using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>What the files of a data directory say, read and checked against each other; nothing is written.</summary>
/// <param name="Snapshots">Names, oldest first.</param>
/// <param name="Snapshot">The newest one.</param>
/// <param name="Matches">The log continues the snapshot; if not, it must begin anew behind it.</param>
/// <param name="Entries">Those behind the snapshot.</param>
internal sealed record RecoveredFiles(
    MemberId Self, HardStateFile HardState, List<string> Snapshots, Snapshot? Snapshot, WalReader Wal, bool Matches, ImmutableArray<Entry> Entries)
{
    /// <exception cref="StorageException">A file is damaged, missing or of a later format, or two contradict each other.</exception>
    public static RecoveredFiles Read(IDisk disk, MemberId self)
    {
        HardStateFile hardState = HardStateFile.Read(disk, self);
        List<string> snapshots = [.. disk.List().Where(SnapshotFile.IsSnapshot)];
        Snapshot? snapshot = snapshots.Count == 0 ? null : SnapshotFile.Read(disk, snapshots[^1], self);
        WalReader wal = new(disk, self);
        wal.Read();
        DurableMark.Check(disk, self, wal.Tail);
        bool matches = LogRecovery.TryContinue(disk, wal, snapshot?.Metadata, out ImmutableArray<Entry> entries);
        if (!entries.IsEmpty && entries[^1].Term > hardState.State.Term)
            throw StorageException.Damaged(disk, HardStateFile.Name, 0, $"its term {hardState.State.Term} is below the log's, {entries[^1].Term}");
        return new RecoveredFiles(self, hardState, snapshots, snapshot, wal, matches, entries);
    }
}
