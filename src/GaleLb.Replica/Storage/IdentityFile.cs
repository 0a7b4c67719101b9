using System.Buffers.Binary;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>
/// Whose directory this is. Written aside first and renamed into place last, so that its presence proves that the directory
/// was made completely; the id is never written again.
/// </summary>
internal static class IdentityFile
{
    public const string Name = "identity";
    public const string PartialName = "identity.partial";
    public const uint Version = 1;
    public const int FileBytes = 64;

    private static ReadOnlySpan<byte> Magic => "GALEIDN\n"u8;

    public static byte[] Encode(MemberId self)
    {
        byte[] bytes = new byte[FileBytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), self.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(60), Crc32C.Compute(bytes.AsSpan(0, 60)));
        return bytes;
    }

    public static MemberId Read(IDisk disk)
    {
        Span<byte> bytes = stackalloc byte[FileBytes];
        int read = disk.Read(Name, 0, bytes);
        if (read < FileBytes || !bytes.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Crc32C.Compute(bytes[..60]))
            throw StorageException.Damaged(disk, Name, 0, "it is not the identity that was written");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        if (version > Version)
            throw StorageException.Newer(disk, Name, version, Version);
        return new MemberId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]));
    }
}
