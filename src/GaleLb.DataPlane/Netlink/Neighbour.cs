using System.Buffers.Binary;
using System.Net;
using GaleLb.DataPlane.Layout;

namespace GaleLb.DataPlane.Netlink;

/// <summary>NUD_* states (linux/neighbour.h).</summary>
[Flags]
public enum NeighbourState : ushort
{
    None = 0,
    Incomplete = 0x01,
    Reachable = 0x02,
    Stale = 0x04,
    Delay = 0x08,
    Probe = 0x10,
    Failed = 0x20,
    NoArp = 0x40,
    Permanent = 0x80,
}

/// <summary>Where a neighbour entry belongs.</summary>
public readonly record struct NeighbourKey(int Ifindex, IPAddress Address);

/// <summary>An entry of the kernel's neighbour table.</summary>
public sealed record Neighbour(NeighbourKey Key, MacAddress? Mac, NeighbourState State)
{
    private const int HeadSize = 12;
    private const NeighbourState Usable =
        NeighbourState.Reachable | NeighbourState.Stale | NeighbourState.Delay | NeighbourState.Probe | NeighbourState.NoArp | NeighbourState.Permanent;

    /// <summary>Its Ethernet address may be sent to (NUD_VALID).</summary>
    public bool IsUsable => Mac is not null && (State & Usable) != NeighbourState.None;

    /// <summary>The kernel would ask again only if something were sent.</summary>
    public bool IsStale => State is NeighbourState.Stale;

    /// <summary>Reads RTM_NEWNEIGH and RTM_DELNEIGH; null when the message is cut short or is of a bridge's table.</summary>
    public static Neighbour? Parse(ReadOnlySpan<byte> payload)
    {
        const byte FamilyBridge = 7;
        if (payload.Length < HeadSize || payload[0] == FamilyBridge) return null;
        int ifindex = BinaryPrimitives.ReadInt32LittleEndian(payload[4..]);
        NeighbourState state = (NeighbourState)BinaryPrimitives.ReadUInt16LittleEndian(payload[8..]);
        IPAddress? address = null;
        MacAddress? mac = null;
        NetlinkAttributes attributes = new(payload[HeadSize..]);
        while (attributes.MoveNext())
        {
            if (attributes.Type == 1 && attributes.Value.Length is 4 or 16) address = new IPAddress(attributes.Value); // NDA_DST
            if (attributes.Type == 2 && attributes.Value.Length == 6) mac = MacAddress.From(attributes.Value); // NDA_LLADDR
        }

        return address is null ? null : new Neighbour(new NeighbourKey(ifindex, address), mac, state);
    }
}
