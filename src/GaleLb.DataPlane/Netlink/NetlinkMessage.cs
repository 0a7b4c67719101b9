using System.Buffers.Binary;

namespace GaleLb.DataPlane.Netlink;

/// <summary>One netlink message: its type, flags and sequence number, and the bytes behind the header (linux/netlink.h).</summary>
public readonly ref struct NetlinkMessage
{
    public const int HeaderSize = 16;

    private NetlinkMessage(ushort type, ushort flags, uint sequence, ReadOnlySpan<byte> payload)
    {
        Type = (NetlinkType)type;
        Flags = flags;
        Sequence = sequence;
        Payload = payload;
    }

    public NetlinkType Type { get; }

    public ushort Flags { get; }

    public uint Sequence { get; }

    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Takes the next message off a buffer. False at its end, or when what is left is no whole message.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> buffer, out NetlinkMessage message)
    {
        message = default;
        if (buffer.Length < HeaderSize) return false;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(buffer);
        if (length < HeaderSize || length > (uint)buffer.Length) return false;
        message = new NetlinkMessage(
            BinaryPrimitives.ReadUInt16LittleEndian(buffer[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(buffer[6..]),
            BinaryPrimitives.ReadUInt32LittleEndian(buffer[8..]),
            buffer[HeaderSize..(int)length]);
        int aligned = ((int)length + 3) & ~3;
        buffer = buffer[Math.Min(aligned, buffer.Length)..];
        return true;
    }
}

/// <summary>Message types (linux/netlink.h, linux/rtnetlink.h).</summary>
public enum NetlinkType : ushort
{
    Error = 2,
    Done = 3,
    NewLink = 16,
    DeleteLink = 17,
    GetLink = 18,
    NewAddress = 20,
    DeleteAddress = 21,
    GetAddress = 22,
    NewRoute = 24,
    DeleteRoute = 25,
    GetRoute = 26,
    NewNeighbour = 28,
    DeleteNeighbour = 29,
    GetNeighbour = 30,
    NewFilter = 44,
    GetFilter = 46,
}

/// <summary>Walks over the attributes behind a message's fixed head. Stops at the first that does not fit.</summary>
public ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private const int HeaderSize = 4;
    private const ushort TypeMask = 0x3FFF;
    private ReadOnlySpan<byte> rest = bytes;

    public ushort Type { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public bool MoveNext()
    {
        if (rest.Length < HeaderSize) return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (length < HeaderSize || length > rest.Length) return false;
        Type = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]) & TypeMask);
        Value = rest[HeaderSize..length];
        rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
        return true;
    }
}
