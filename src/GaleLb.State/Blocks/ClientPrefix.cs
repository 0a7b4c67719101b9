using System.Net;
using System.Net.Sockets;
using GaleLb.State.Nodes;

namespace GaleLb.State.Blocks;

/// <summary>A range of client addresses in CIDR form; ordered by address, then length.</summary>
public sealed record ClientPrefix(IPAddress Address, byte Length) : IComparable<ClientPrefix>
{
    /// <summary>Null when it is one, else what is wrong.</summary>
    public string? Check()
    {
        int bits = Address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        if (Length > bits)
            return $"a prefix of {Address} has at most {bits} bits, not {Length}";
        if (Address.IsIPv4MappedToIPv6)
            return $"{Address} is an IPv4 address in IPv6 form; give it as IPv4";
        UInt128 host = Length == bits ? 0 : (UInt128.One << (bits - Length)) - 1;
        return (IpKey.Of(Address).Bits & host) == 0 ? null : $"{Address} has bits beyond its prefix of {Length}";
    }

    public int CompareTo(ClientPrefix? other)
    {
        if (other is null)
            return 1;
        int address = IpKey.Of(Address).CompareTo(IpKey.Of(other.Address));
        return address != 0 ? address : Length.CompareTo(other.Length);
    }

    public static bool operator <(ClientPrefix a, ClientPrefix b) => a.CompareTo(b) < 0;
    public static bool operator >(ClientPrefix a, ClientPrefix b) => a.CompareTo(b) > 0;
    public static bool operator <=(ClientPrefix a, ClientPrefix b) => a.CompareTo(b) <= 0;
    public static bool operator >=(ClientPrefix a, ClientPrefix b) => a.CompareTo(b) >= 0;
    public override string ToString() => $"{Address}/{Length}";
}
