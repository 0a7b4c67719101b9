using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Key of the map services. Protocol ICMP (1) or ICMPv6 (58) with port 0 says that the address is a service's.</summary>
[StructLayout(LayoutKind.Explicit, Size = 20)]
public record struct GaleServiceKey : IComparable<GaleServiceKey>
{
    [FieldOffset(0)] public GaleAddress Address;
    [FieldOffset(16)] public Be16 Port;
    [FieldOffset(18)] public byte Protocol;

    public readonly int CompareTo(GaleServiceKey other)
    {
        int order = Address.CompareTo(other.Address);
        if (order == 0) order = Port.Host.CompareTo(other.Port.Host);
        return order == 0 ? Protocol.CompareTo(other.Protocol) : order;
    }

    public static bool operator <(GaleServiceKey left, GaleServiceKey right) => left.CompareTo(right) < 0;

    public static bool operator >(GaleServiceKey left, GaleServiceKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(GaleServiceKey left, GaleServiceKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(GaleServiceKey left, GaleServiceKey right) => left.CompareTo(right) >= 0;
}
