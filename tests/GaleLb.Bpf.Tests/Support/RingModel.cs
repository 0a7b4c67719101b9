using System.Buffers.Binary;
using System.Net;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>The choice of a slot, written a second time from its description in docs/packet-walk.md.</summary>
public static class RingModel
{
    private const int Slots = 65_537;

    public static int Slot(IPEndPoint source, IPEndPoint destination, byte protocol, bool sourceOnly, uint seed) =>
        (int)((UInt128)Hash(source, destination, protocol, sourceOnly, seed) * Slots >> 32);

    public static uint Hash(IPEndPoint source, IPEndPoint destination, byte protocol, bool sourceOnly, uint seed)
    {
        ulong hash = Address(seed, source.Address);
        if (!sourceOnly)
        {
            hash = Address(hash, destination.Address);
            hash = Word(hash, ((ulong)protocol << 32) | ((ulong)(ushort)source.Port << 16) | (ushort)destination.Port);
        }

        return (uint)(Word(hash, 0) >> 32);
    }

    private static ulong Address(ulong hash, IPAddress address)
    {
        byte[] bytes = address.MapToIPv6().GetAddressBytes();
        hash = Word(hash, BinaryPrimitives.ReadUInt64BigEndian(bytes));
        return Word(hash, BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)));
    }

    private static ulong Word(ulong hash, ulong word)
    {
        hash = unchecked((hash ^ word) * 0x9e3779b97f4a7c15);
        return hash ^ (hash >> 32);
    }
}
