using System.Buffers.Binary;
using System.Text;
using GaleLb.DataPlane.Layout;

namespace GaleLb.DataPlane.Netlink;

/// <summary>A network interface.</summary>
/// <param name="Mtu">Bytes, IP header included.</param>
/// <param name="Parent">The interface below a VLAN, else 0.</param>
/// <param name="VlanId">0 where it is no VLAN.</param>
/// <param name="MergedMax">Bytes up to which received packets are merged (GRO), of the family that has more; 0 where the kernel does not tell.</param>
public sealed record Link(int Ifindex, string Name, MacAddress Mac, uint Mtu, bool IsUp, int Parent, ushort VlanId, uint MergedMax)
{
    private const int HeadSize = 16;
    private const uint FlagUp = 1;
    private const byte FamilyOfInterfaces = 0; // AF_UNSPEC

    /// <summary>
    /// Reads RTM_NEWLINK and RTM_DELLINK; null when the message is cut short, or is not of the interface itself: a bridge tells of its
    /// ports in the same group (AF_BRIDGE), less of each, and that one was deleted when it only left the bridge.
    /// </summary>
    public static Link? Parse(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < HeadSize || payload[0] != FamilyOfInterfaces) return null;
        int ifindex = BinaryPrimitives.ReadInt32LittleEndian(payload[4..]);
        bool up = (BinaryPrimitives.ReadUInt32LittleEndian(payload[8..]) & FlagUp) != 0;
        string name = "";
        MacAddress mac = default;
        uint mtu = 0;
        int parent = 0;
        ushort vlan = 0;
        uint merged = 0;
        NetlinkAttributes attributes = new(payload[HeadSize..]);
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case 1 when attributes.Value.Length == 6: // IFLA_ADDRESS
                    mac = MacAddress.From(attributes.Value);
                    break;
                case 3: // IFLA_IFNAME
                    name = Encoding.UTF8.GetString(attributes.Value).TrimEnd('\0');
                    break;
                case 4 when attributes.Value.Length >= 4: // IFLA_MTU
                    mtu = BinaryPrimitives.ReadUInt32LittleEndian(attributes.Value);
                    break;
                case 5 when attributes.Value.Length >= 4: // IFLA_LINK
                    parent = BinaryPrimitives.ReadInt32LittleEndian(attributes.Value);
                    break;
                case 18: // IFLA_LINKINFO
                    vlan = ParseVlan(attributes.Value);
                    break;
                case 58 or 64 when attributes.Value.Length >= 4: // IFLA_GRO_MAX_SIZE, IFLA_GRO_IPV4_MAX_SIZE
                    merged = Math.Max(merged, BinaryPrimitives.ReadUInt32LittleEndian(attributes.Value));
                    break;
                default:
                    break;
            }
        }

        return new Link(ifindex, name, mac, mtu, up, vlan == 0 ? 0 : parent, vlan, merged);
    }

    private static ushort ParseVlan(ReadOnlySpan<byte> info)
    {
        bool isVlan = false;
        ushort id = 0;
        NetlinkAttributes attributes = new(info);
        while (attributes.MoveNext())
        {
            if (attributes.Type == 1) isVlan = attributes.Value.TrimEnd((byte)0).SequenceEqual("vlan"u8); // IFLA_INFO_KIND
            if (attributes.Type != 2) continue; // IFLA_INFO_DATA
            NetlinkAttributes data = new(attributes.Value);
            while (data.MoveNext())
            {
                if (data.Type == 1 && data.Value.Length >= 2) id = BinaryPrimitives.ReadUInt16LittleEndian(data.Value); // IFLA_VLAN_ID
            }
        }

        return isVlan ? id : (ushort)0;
    }
}
