using System.Buffers.Binary;
using System.Globalization;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>A snapshot in a file of its own, written aside, synced, renamed into place; the layout is in docs/internals/wal-format.md.</summary>
internal static class SnapshotFile
{
    public const uint Version = 1;
    public const int HeaderBytes = 64;
    public const string PartialSuffix = ".partial";

    private const string Prefix = "snapshot-";
    private const int MembershipBytesMax = 1 << 20;

    private static ReadOnlySpan<byte> Magic => "GALESNP\n"u8;

    public static string NameOf(SnapshotMetadata metadata) =>
        Prefix + metadata.Index.Value.ToString("x16", CultureInfo.InvariantCulture) + "-" + metadata.Term.Value.ToString("x16", CultureInfo.InvariantCulture);

    public static bool IsSnapshot(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && !name.EndsWith(PartialSuffix, StringComparison.Ordinal);

    public static bool IsPartial(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(PartialSuffix, StringComparison.Ordinal);

    /// <summary>Appends the operations that make <paramref name="snapshot"/> durable under its name.</summary>
    public static void Write(Snapshot snapshot, MemberId self, List<DiskOperation> operations)
    {
        string name = NameOf(snapshot.Metadata);
        string partial = name + PartialSuffix;
        byte[] membership = MembershipCodec.Encode(snapshot.Metadata.Membership);
        byte[] header = new byte[HeaderBytes + membership.Length];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), membership.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), self.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(24), snapshot.Metadata.Index.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(32), snapshot.Metadata.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(40), snapshot.State.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(48), Crc32C.Compute(membership));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(52), Crc32C.Compute(snapshot.State.Span));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(60), Crc32C.Compute(header.AsSpan(0, 60)));
        membership.CopyTo(header.AsSpan(HeaderBytes));

        // A leftover of an earlier attempt may be longer.
        operations.Add(DiskOperation.Delete(partial));
        operations.Add(DiskOperation.Write(partial, 0, header));
        operations.Add(DiskOperation.Write(partial, header.Length, snapshot.State));
        operations.Add(DiskOperation.Sync(partial));
        operations.Add(DiskOperation.Rename(partial, name));
        operations.Add(DiskOperation.SyncDirectory());
    }

    /// <exception cref="StorageException">The file is damaged, or of a later format.</exception>
    public static Snapshot Read(IDisk disk, string name, MemberId self)
    {
        byte[] header = new byte[HeaderBytes];
        if (disk.Read(name, 0, header) < HeaderBytes || !header.AsSpan().StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(60)) != Crc32C.Compute(header.AsSpan(0, 60)))
            throw StorageException.Damaged(disk, name, 0, "its header is not what was written");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8));
        if (version > Version)
            throw StorageException.Newer(disk, name, version, Version);
        MemberId owner = new(BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(16)));
        if (owner != self)
            throw StorageException.Damaged(disk, name, 16, $"it belongs to member {owner}, not to {self}");
        int membershipBytes = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12));
        long stateBytes = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(40));
        long expected = HeaderBytes + (long)membershipBytes + stateBytes;
        if (membershipBytes is < 0 or > MembershipBytesMax || stateBytes < 0 || stateBytes > Array.MaxLength || disk.Length(name) != expected)
            throw StorageException.Damaged(disk, name, Math.Min(disk.Length(name), expected), $"it has {disk.Length(name)} bytes where its header says {expected}");

        byte[] membership = ReadPart(disk, name, HeaderBytes, membershipBytes, BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(48)), "its membership");
        byte[] state = ReadPart(disk, name, HeaderBytes + membershipBytes, (int)stateBytes, BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(52)), "its state");
        SnapshotMetadata metadata = new(
            new LogIndex(BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(24))),
            new Term(BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(32))),
            MembershipCodec.Decode(membership));
        return NameOf(metadata) == name
            ? new Snapshot(metadata, state)
            : throw StorageException.Damaged(disk, name, 24, $"it holds the snapshot at {metadata.Index} of term {metadata.Term}");
    }

    private static byte[] ReadPart(IDisk disk, string name, long offset, int length, uint checksum, string what)
    {
        byte[] bytes = new byte[length];
        if (disk.Read(name, offset, bytes) != length || Crc32C.Compute(bytes) != checksum)
            throw StorageException.Damaged(disk, name, offset, $"{what} is not what was written");
        return bytes;
    }
}
