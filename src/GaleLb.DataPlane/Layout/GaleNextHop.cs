using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Value of the map next_hops, by node index: this replica's own way to the node.</summary>
[StructLayout(LayoutKind.Explicit, Size = 44)]
public record struct GaleNextHop
{
    [FieldOffset(0)] public uint Ifindex;

    /// <summary>Bytes, IP header included.</summary>
    [FieldOffset(4)] public uint Mtu;
    [FieldOffset(8)] public MacAddress DestinationMac;
    [FieldOffset(14)] public MacAddress SourceMac;
    [FieldOffset(20)] public GaleNextHopState State;

    /// <summary>Tags to push, 0 to 2.</summary>
    [FieldOffset(21)] public byte VlanCount;

    /// <summary>Outer tag first.</summary>
    [FieldOffset(22)] public VlanTags2 VlanTci;

    /// <summary>NAT and tunnel source; all zero: the configuration's.</summary>
    [FieldOffset(28)] public GaleAddress SourceAddress;
}

/// <summary>Two VLAN tags, outer first.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
public readonly record struct VlanTags2(Be16 Outer, Be16 Inner);
