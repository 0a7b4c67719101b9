using System.Buffers.Binary;
using System.Globalization;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>What a record of the WAL holds. The values are part of the format.</summary>
internal enum WalRecordKind : byte
{
    /// <summary>Opens what one flush wrote to a segment: the position that was durable before it.</summary>
    Batch = 1,

    /// <summary>One log entry; at or below the last index it replaces what was there and beyond.</summary>
    Entry = 2,

    /// <summary>A snapshot took the log's place: the log is empty and continues behind it.</summary>
    Reset = 3,
}

/// <summary>A place in the WAL.</summary>
internal readonly record struct WalPosition(ulong Segment, long Offset) : IComparable<WalPosition>
{
    public int CompareTo(WalPosition other) => Segment != other.Segment ? Segment.CompareTo(other.Segment) : Offset.CompareTo(other.Offset);
    public static bool operator <(WalPosition a, WalPosition b) => a.CompareTo(b) < 0;
    public static bool operator >(WalPosition a, WalPosition b) => a.CompareTo(b) > 0;
    public static bool operator <=(WalPosition a, WalPosition b) => a.CompareTo(b) <= 0;
    public static bool operator >=(WalPosition a, WalPosition b) => a.CompareTo(b) >= 0;
}

/// <summary>Sizes, offsets and checksums of segment files; the layout is drawn in docs/internals/wal-format.md.</summary>
internal static class WalFormat
{
    public const uint Version = 1;
    public const int SegmentHeaderBytes = 64;
    public const int RecordHeaderBytes = 16;
    public const int BatchRecordBytes = RecordHeaderBytes + 16;
    public const int EntryFieldBytes = 16;
    public const int ResetRecordBytes = RecordHeaderBytes + 16;

    private const string Prefix = "wal-";

    public static ReadOnlySpan<byte> Magic => "GALEWAL\n"u8;

    public static string SegmentName(ulong segment) => Prefix + segment.ToString("x16", CultureInfo.InvariantCulture);

    public static bool TryParseSegmentName(string name, out ulong segment)
    {
        segment = 0;
        return name.Length == Prefix.Length + 16
            && name.StartsWith(Prefix, StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out segment);
    }

    /// <summary>A record's whole size: records begin at multiples of eight.</summary>
    public static int RecordBytes(int payloadBytes) => (RecordHeaderBytes + payloadBytes + 7) & ~7;

    public static int EntryRecordBytes(Entry entry) => RecordBytes(EntryFieldBytes + entry.Payload.Length);

    public static void WriteSegmentHeader(Span<byte> into, MemberId self, ulong segment, long previousEnd)
    {
        into[..SegmentHeaderBytes].Clear();
        Magic.CopyTo(into);
        BinaryPrimitives.WriteUInt32LittleEndian(into[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(into[12..], SegmentHeaderBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(into[16..], self.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(into[24..], segment);
        BinaryPrimitives.WriteInt64LittleEndian(into[32..], previousEnd);
        BinaryPrimitives.WriteUInt32LittleEndian(into[60..], Crc32C.Compute(into[..60]));
    }

    /// <summary>
    /// Completes the record at <paramref name="record"/>, whose payload is in place: header, zeroed padding, checksum. The
    /// checksum begins with owner, segment and offset, so that a record in any other place is not one.
    /// </summary>
    public static void SealRecord(Span<byte> record, WalRecordKind kind, EntryKind entryKind, int payloadBytes, MemberId self, WalPosition at)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record[4..], payloadBytes);
        record[8..RecordHeaderBytes].Clear();
        record[8] = (byte)kind;
        record[9] = (byte)entryKind;
        int total = RecordBytes(payloadBytes);
        record[(RecordHeaderBytes + payloadBytes)..total].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(record, Checksum(record[4..total], self, at));
    }

    /// <summary>The operations that make an empty log: its first segment, synced; the directory is not.</summary>
    public static void Create(MemberId self, long segmentBytes, List<DiskOperation> operations)
    {
        string segment = SegmentName(1);
        byte[] header = new byte[SegmentHeaderBytes];
        WriteSegmentHeader(header, self, 1, 0);
        operations.Add(DiskOperation.Allocate(segment, segmentBytes));
        operations.Add(DiskOperation.Write(segment, 0, header));
        operations.Add(DiskOperation.Sync(segment));
    }

    /// <summary>Whether a whole, intact record lies at <paramref name="at"/>; <paramref name="segment"/> is the file's content.</summary>
    public static bool TryReadRecord(ReadOnlySpan<byte> segment, MemberId self, WalPosition at, out WalRecord record)
    {
        record = default;
        if (at.Offset + RecordHeaderBytes > segment.Length)
            return false;
        ReadOnlySpan<byte> bytes = segment[(int)at.Offset..];
        uint payloadBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (payloadBytes > bytes.Length - RecordHeaderBytes)
            return false;
        int total = RecordBytes((int)payloadBytes);
        if (total > bytes.Length || bytes[8] == 0)
            return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Checksum(bytes[4..total], self, at))
            return false;
        record = new WalRecord((WalRecordKind)bytes[8], (EntryKind)bytes[9], (int)at.Offset + RecordHeaderBytes, (int)payloadBytes, total);
        return true;
    }

    public static bool IsZero(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept((byte)0) < 0;

    private static uint Checksum(ReadOnlySpan<byte> bytes, MemberId self, WalPosition at)
    {
        uint register = Crc32C.Append(~0u, self.Value);
        register = Crc32C.Append(register, at.Segment);
        register = Crc32C.Append(register, (ulong)at.Offset);
        return ~Crc32C.Append(register, bytes);
    }
}

/// <summary>An intact record as found in a segment's bytes.</summary>
internal readonly record struct WalRecord(WalRecordKind Kind, EntryKind EntryKind, int PayloadOffset, int PayloadBytes, int TotalBytes);
