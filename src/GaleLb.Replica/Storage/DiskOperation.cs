namespace GaleLb.Replica.Storage;

public enum DiskOperationKind : byte
{
    /// <summary>Writes bytes at an offset; not durable until the file is synced.</summary>
    Write,

    /// <summary>Makes everything written to a file, and its length, durable.</summary>
    Sync,

    /// <summary>Creates a file if it is missing and reserves its blocks up to a length; new bytes read as zero.</summary>
    Allocate,

    /// <summary>Renames a file, replacing the target; durable after <see cref="SyncDirectory"/>.</summary>
    Rename,

    /// <summary>Removes a file; one that is already gone is no error. Durable after <see cref="SyncDirectory"/>.</summary>
    Delete,

    /// <summary>Makes created, renamed and deleted names durable.</summary>
    SyncDirectory,
}

/// <summary>
/// One step of disk work as data, so that a simulator can stop between any two, tear one, or fail one. Every operation
/// may be repeated from the one that failed.
/// </summary>
public readonly struct DiskOperation
{
    private DiskOperation(DiskOperationKind kind, string file, long offset, ReadOnlyMemory<byte> bytes, string? target)
    {
        Kind = kind;
        File = file;
        Offset = offset;
        Bytes = bytes;
        Target = target;
    }

    public DiskOperationKind Kind { get; }

    /// <summary>The file's name relative to the data directory; empty for <see cref="DiskOperationKind.SyncDirectory"/>.</summary>
    public string File { get; }

    /// <summary>Where a write begins, or how long an allocated file is to be, in bytes.</summary>
    public long Offset { get; }

    /// <summary>What a write writes. Valid until the batch is reported completed or failed.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>A rename's new name.</summary>
    public string? Target { get; }

    public static DiskOperation Write(string file, long offset, ReadOnlyMemory<byte> bytes) =>
        new(DiskOperationKind.Write, file, offset, bytes, null);

    public static DiskOperation Sync(string file) => new(DiskOperationKind.Sync, file, 0, default, null);

    public static DiskOperation Allocate(string file, long length) => new(DiskOperationKind.Allocate, file, length, default, null);

    public static DiskOperation Rename(string file, string target) => new(DiskOperationKind.Rename, file, 0, default, target);

    public static DiskOperation Delete(string file) => new(DiskOperationKind.Delete, file, 0, default, null);

    public static DiskOperation SyncDirectory() => new(DiskOperationKind.SyncDirectory, "", 0, default, null);

    public override string ToString() => Kind switch
    {
        DiskOperationKind.Write => $"write {File} at {Offset}, {Bytes.Length} bytes",
        DiskOperationKind.Allocate => $"allocate {File}, {Offset} bytes",
        DiskOperationKind.Rename => $"rename {File} to {Target}",
        DiskOperationKind.SyncDirectory => "sync directory",
        _ => $"{(Kind == DiskOperationKind.Sync ? "sync" : "delete")} {File}",
    };
}
