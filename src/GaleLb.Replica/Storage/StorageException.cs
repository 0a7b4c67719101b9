namespace GaleLb.Replica.Storage;

public enum StorageFault : byte
{
    /// <summary>A write, sync, rename or delete failed for good (EIO, a failed sync): what is on disk is unknown from here on.</summary>
    Failed,

    /// <summary>No space, or over quota. What was asked for may be tried again.</summary>
    Full,

    /// <summary>The directory or a file of it cannot be read.</summary>
    Unreadable,

    /// <summary>The directory cannot be written to.</summary>
    NotWritable,

    /// <summary>Another process holds the directory.</summary>
    Locked,

    /// <summary>Bytes that were once durable are not what was written, or a file is missing.</summary>
    Damaged,

    /// <summary>A file was written by a later version.</summary>
    NewerFormat,

    /// <summary>The directory belongs to another replica, or this one's address changed.</summary>
    Mismatch,

    /// <summary>What was asked for is not there, or not any more.</summary>
    NotHeld,
}

/// <summary>Storage that cannot be used, in words for the operator; names the file, and the offset where there is one.</summary>
public sealed class StorageException(StorageFault fault, string message, Exception? cause = null) : IOException(message, cause)
{
    public StorageFault Fault { get; } = fault;

    /// <summary>The file concerned, relative to the data directory; null when it is the directory itself.</summary>
    public string? File { get; init; }

    /// <summary>Where in <see cref="File"/> the damage begins, in bytes; −1 when no place can be named.</summary>
    public long Offset { get; init; } = -1;

    /// <summary>What is wrong, without what a replica does about it; for those that only read.</summary>
    public string Finding { get => field ?? Message; init; }

    public static StorageException Damaged(IDisk disk, string file, long offset, string what) => new(
        StorageFault.Damaged,
        $"{disk.Location}/{file} is damaged at byte {offset}: {what}. This replica refuses to start from it. If the rest of the cluster is " +
        "healthy, move the directory away, start empty, and replace this member (galectl cluster replace ID).")
    {
        File = file,
        Offset = offset,
        Finding = $"{disk.Location}/{file} is damaged at byte {offset}: {what}",
    };

    public static StorageException Newer(IDisk disk, string file, uint found, uint known) => new(
        StorageFault.NewerFormat,
        $"{disk.Location}/{file} has format version {found}; this version reads up to {known}. Start the version that wrote it, or a later one.")
    {
        File = file,
    };
}
