using System.Buffers.Binary;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>
/// Says that the log lacks, or may lack, entries which this member acknowledged; it goes when the leader's log has made this
/// one complete again. One that cannot be read says that they are lost.
/// </summary>
internal static class IncompleteFile
{
    public const string Name = "incomplete";
    public const uint Version = 1;

    private static ReadOnlySpan<byte> Magic => "GALEINC\n"u8;

    /// <summary>The operations that make it durable; they come before anything is taken from the log.</summary>
    public static void Create(LogLoss loss, List<DiskOperation> operations)
    {
        byte[] bytes = new byte[16];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        bytes[12] = (byte)loss;
        operations.Add(DiskOperation.Write(Name, 0, bytes));
        operations.Add(DiskOperation.Sync(Name));
        operations.Add(DiskOperation.SyncDirectory());
    }

    public static LogLoss Read(IDisk disk)
    {
        if (!disk.List().Contains(Name, StringComparer.Ordinal))
            return LogLoss.None;
        Span<byte> bytes = stackalloc byte[16];
        int read = disk.Read(Name, 0, bytes);
        bool possible = read == bytes.Length && bytes.StartsWith(Magic) && bytes[12] == (byte)LogLoss.Possible;
        return possible ? LogLoss.Possible : LogLoss.Certain;
    }

    /// <summary>The operations that forget it: the log is complete again.</summary>
    public static void Remove(List<DiskOperation> operations)
    {
        operations.Add(DiskOperation.Delete(Name));
        operations.Add(DiskOperation.SyncDirectory());
    }
}
