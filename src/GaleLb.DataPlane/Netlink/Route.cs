using System.Buffers.Binary;
using System.Net;

namespace GaleLb.DataPlane.Netlink;

/// <summary>RTN_* types (linux/rtnetlink.h) that are told apart.</summary>
public enum RouteType : byte
{
    Unspecified = 0,
    Unicast = 1,
    Local = 2,
    Broadcast = 3,
    Multicast = 5,
    Blackhole = 6,
    Unreachable = 7,
    Prohibit = 8,
}

/// <summary>The kernel's answer to how an address is reached.</summary>
/// <param name="Gateway">Null when the address is on the link itself.</param>
/// <param name="Mtu">The route's own; null: the interface's.</param>
public sealed record Route(RouteType Type, int Ifindex, IPAddress? Gateway, IPAddress? PreferredSource, uint? Mtu)
{
    private const int HeadSize = 12;

    /// <summary>Reads RTM_NEWROUTE; null when the message is cut short.</summary>
    public static Route? Parse(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < HeadSize) return null;
        int ifindex = 0;
        IPAddress? gateway = null;
        IPAddress? source = null;
        uint? mtu = null;
        NetlinkAttributes attributes = new(payload[HeadSize..]);
        while (attributes.MoveNext())
        {
            ReadOnlySpan<byte> value = attributes.Value;
            switch (attributes.Type)
            {
                case 4 when value.Length >= 4: // RTA_OIF
                    ifindex = BinaryPrimitives.ReadInt32LittleEndian(value);
                    break;
                case 5 when value.Length is 4 or 16: // RTA_GATEWAY
                    gateway = new IPAddress(value);
                    break;
                case 7 when value.Length is 4 or 16: // RTA_PREFSRC
                    source = new IPAddress(value);
                    break;
                case 8: // RTA_METRICS
                    mtu = ParseMtu(value);
                    break;
                case 18 when value.Length is 6 or 18: // RTA_VIA: a gateway of the other family, as IPv4 over IPv6
                    gateway = new IPAddress(value[2..]);
                    break;
                default:
                    break;
            }
        }

        return new Route((RouteType)payload[7], ifindex, gateway, source, mtu);
    }

    private static uint? ParseMtu(ReadOnlySpan<byte> metrics)
    {
        NetlinkAttributes attributes = new(metrics);
        while (attributes.MoveNext())
        {
            if (attributes.Type == 2 && attributes.Value.Length >= 4) return BinaryPrimitives.ReadUInt32LittleEndian(attributes.Value); // RTAX_MTU
        }

        return null;
    }
}
