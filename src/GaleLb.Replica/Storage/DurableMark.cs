using System.Buffers.Binary;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>
/// How far the log was durable, written behind each sync and never synced itself: it outlives the process, and seldom lags by
/// more than seconds when power fails. In a file of its own, so that a sector that is lost takes the log's end or the mark,
/// not both. A log that ends before it was damaged. One that cannot be read says nothing.
/// </summary>
internal sealed class DurableMark(MemberId self)
{
    public const string Name = "durable";
    public const uint Version = 1;
    public const int FileBytes = 64;

    private readonly byte[] _bytes = new byte[FileBytes];

    private static ReadOnlySpan<byte> Magic => "GALEDUR\n"u8;

    /// <summary>The bytes stay valid until the next call.</summary>
    public DiskOperation Write(WalPosition durable)
    {
        Magic.CopyTo(_bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(16), self.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(24), durable.Segment);
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.AsSpan(32), durable.Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(60), Crc32C.Compute(_bytes.AsSpan(0, 60)));
        return DiskOperation.Write(Name, 0, _bytes);
    }

    /// <exception cref="StorageException">The log ends before what the mark calls durable.</exception>
    public static void Check(IDisk disk, MemberId self, WalPosition tail)
    {
        if (!disk.List().Contains(Name, StringComparer.Ordinal))
            return;
        Span<byte> bytes = stackalloc byte[FileBytes];
        if (disk.Read(Name, 0, bytes) < FileBytes || !bytes.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Crc32C.Compute(bytes[..60])
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]) != self.Value)
            return;
        WalPosition durable = new(BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]));
        if (durable > tail)
            throw StorageException.Damaged(
                disk, WalFormat.SegmentName(tail.Segment), tail.Offset,
                $"no intact record, but everything up to segment {durable.Segment}, byte {durable.Offset}, was durable");
    }
}
