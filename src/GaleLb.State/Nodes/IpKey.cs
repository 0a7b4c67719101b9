using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace GaleLb.State.Nodes;

/// <summary>An address as a value with an order: IPv4 before IPv6, then by its bits.</summary>
public readonly record struct IpKey(bool V6, UInt128 Bits) : IComparable<IpKey>
{
    public static IpKey Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        bool v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        address.TryWriteBytes(v6 ? bytes : bytes[12..], out _);
        return new IpKey(v6, BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    public int CompareTo(IpKey other)
    {
        int family = V6.CompareTo(other.V6);
        return family != 0 ? family : Bits.CompareTo(other.Bits);
    }

    public static bool operator <(IpKey a, IpKey b) => a.CompareTo(b) < 0;
    public static bool operator >(IpKey a, IpKey b) => a.CompareTo(b) > 0;
    public static bool operator <=(IpKey a, IpKey b) => a.CompareTo(b) <= 0;
    public static bool operator >=(IpKey a, IpKey b) => a.CompareTo(b) >= 0;
}
