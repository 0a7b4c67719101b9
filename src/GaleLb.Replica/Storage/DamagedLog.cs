using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>
/// Puts a damaged log aside, whole and with its snapshots, and begins an empty one under the same id, term and vote. Every step
/// may be cut short by a crash: what is left is damaged or incomplete again, never less than it says.
/// </summary>
internal static class DamagedLog
{
    private const string Prefix = "damaged-";

    /// <summary>Whether the failure is damage to the log or a snapshot, which other members can make good. Identity, term and vote they cannot.</summary>
    public static bool Concerns(StorageException failure) =>
        failure is { Fault: StorageFault.Damaged, File: { } file } && (WalFormat.TryParseSegmentName(file, out _) || SnapshotFile.IsSnapshot(file));

    public static void SetAside(IDisk disk, StoreOptions options, MemberId self)
    {
        IReadOnlyList<string> files = disk.List();
        int number = 1;
        while (files.Any(f => f.StartsWith($"{Prefix}{number}-", StringComparison.Ordinal)))
            number++;
        List<DiskOperation> operations = [];
        IncompleteFile.Create(LogLoss.Certain, operations);
        operations.Add(DiskOperation.Delete(DurableMark.Name));
        foreach (string file in files)
            if (WalFormat.TryParseSegmentName(file, out _) || SnapshotFile.IsSnapshot(file))
                operations.Add(DiskOperation.Rename(file, $"{Prefix}{number}-{file}"));
        operations.Add(DiskOperation.SyncDirectory());
        WalFormat.Create(self, options.SegmentBytes, operations);
        operations.Add(DiskOperation.SyncDirectory());
        foreach (DiskOperation operation in operations)
            disk.Execute(operation);
    }
}
