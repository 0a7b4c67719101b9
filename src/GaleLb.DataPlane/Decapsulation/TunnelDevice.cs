using System.Buffers.Binary;
using System.Net;
using System.Text;
using GaleLb.DataPlane.Netlink;

namespace GaleLb.DataPlane.Decapsulation;

/// <summary>A tunnel device of the kernel, as somebody has set it up.</summary>
/// <param name="Kind">ipip, sit or ip6tnl.</param>
/// <param name="Protocol">The inner protocol it is limited to (IPPROTO_IPIP, IPPROTO_IPV6); 0: any that its kind knows.</param>
/// <param name="Local">Its own end; null: any address of this host.</param>
/// <param name="Remote">The only sender it takes packets of; null: any.</param>
public sealed record TunnelDevice(string Name, string Kind, bool IsUp, byte Protocol, IPAddress? Local, IPAddress? Remote)
{
    private const int HeadSize = 16;
    private const uint FlagUp = 1;
    private const byte IPv4Inside = 4;
    private const byte IPv6Inside = 41;

    /// <summary>Reads RTM_NEWLINK; null for what is no IP tunnel.</summary>
    public static TunnelDevice? Parse(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < HeadSize) return null;
        bool isUp = (BinaryPrimitives.ReadUInt32LittleEndian(payload[8..]) & FlagUp) != 0;
        string name = "";
        string kind = "";
        ReadOnlySpan<byte> data = default;
        NetlinkAttributes attributes = new(payload[HeadSize..]);
        while (attributes.MoveNext())
        {
            if (attributes.Type == 3) name = Text(attributes.Value); // IFLA_IFNAME
            if (attributes.Type != 18) continue; // IFLA_LINKINFO
            NetlinkAttributes info = new(attributes.Value);
            while (info.MoveNext())
            {
                if (info.Type == 1) kind = Text(info.Value); // IFLA_INFO_KIND
                if (info.Type == 2) data = info.Value; // IFLA_INFO_DATA
            }
        }

        return kind is "ipip" or "sit" or "ip6tnl" ? ParseData(name, kind, isUp, data) : null;
    }

    /// <summary>Whether it unwraps what any replica sends to an address of this host.</summary>
    /// <param name="own">The outer destination.</param>
    /// <param name="isV6Inside">The family of the packet inside.</param>
    public bool Takes(IPAddress own, bool isV6Inside)
    {
        bool isV6Outside = own.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        byte inside = isV6Inside ? IPv6Inside : IPv4Inside;
        bool kindFits = Kind switch
        {
            "ipip" => !isV6Outside && !isV6Inside,
            "sit" => !isV6Outside && (isV6Inside || Protocol is 0 or IPv4Inside),
            _ => isV6Outside,
        };
        return IsUp && kindFits && Remote is null && (Protocol == 0 || Protocol == inside) && (Local is null || Local.Equals(own));
    }

    /// <summary>The attributes of linux/if_tunnel.h, which the three kinds share.</summary>
    private static TunnelDevice ParseData(string name, string kind, bool isUp, ReadOnlySpan<byte> data)
    {
        IPAddress? local = null;
        IPAddress? remote = null;
        byte protocol = 0;
        NetlinkAttributes attributes = new(data);
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case 2: // IFLA_IPTUN_LOCAL
                    local = Address(attributes.Value);
                    break;
                case 3: // IFLA_IPTUN_REMOTE
                    remote = Address(attributes.Value);
                    break;
                case 9 when attributes.Value.Length >= 1: // IFLA_IPTUN_PROTO
                    protocol = attributes.Value[0];
                    break;
                default:
                    break;
            }
        }

        return new TunnelDevice(name, kind, isUp, protocol, local, remote);
    }

    private static IPAddress? Address(ReadOnlySpan<byte> value) =>
        value.Length is 4 or 16 && value.ContainsAnyExcept((byte)0) ? new IPAddress(value) : null;

    private static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(value).TrimEnd('\0');
}
