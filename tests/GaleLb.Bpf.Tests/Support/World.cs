using System.Net;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>Named addresses and a rig set up with one service of each protocol and family on <see cref="VipFour"/> and <see cref="VipSix"/>.</summary>
public static class World
{
    public const ushort PortFirst = 1024;
    public const ushort PortLast = 65535;
    public const uint Seed = 7;

    public static readonly IPEndPoint VipFour = IPEndPoint.Parse("203.0.113.80:80");
    public static readonly IPEndPoint VipSix = IPEndPoint.Parse("[2001:db8:f::80]:80");
    public static readonly IPAddress SourceFour = IPAddress.Parse("10.2.0.1");
    public static readonly IPAddress SourceSix = IPAddress.Parse("fd02::1");

    public static IPAddress NodeFour(int index) => new([10, 3, (byte)(index >> 8), (byte)index]);

    public static IPAddress NodeSix(int index)
    {
        byte[] bytes = IPAddress.Parse("fd03::").GetAddressBytes();
        bytes[14] = (byte)(index >> 8);
        bytes[15] = (byte)index;
        return new IPAddress(bytes);
    }

    public static IPEndPoint Vip(bool ipv4) => ipv4 ? VipFour : VipSix;

    public static IPAddress Node(bool ipv4, int index) => ipv4 ? NodeFour(index) : NodeSix(index);

    public static IPEndPoint Client(bool ipv4, int number) => ipv4
        ? new IPEndPoint(new IPAddress([198, 18, (byte)(number >> 8), (byte)number]), 1024 + (number % 60000))
        : new IPEndPoint(IPAddress.Parse($"2001:db8:c::{number & 0xffff:x}"), 1024 + (number % 60000));

    /// <summary>Nodes 0 to <paramref name="nodes"/> - 1 are IPv4 and in ring 0, those from 100 on IPv6 and in ring 1.</summary>
    public static void SetUp(PacketRig rig, int nodes, Func<int, ushort> nodeOfSlot, GaleHash hash = GaleHash.FiveTuple, GaleConfigFlag flags = default, int ports = PortLast - PortFirst + 1)
    {
        rig.Reset();
        GaleConfig config = new()
        {
            Flags = flags,
            HashSeed = Seed,
            PublicIfindex = 1,
            PrivateIfindex = 1,
            PortFirst = PortFirst,
            PortLast = (ushort)(PortFirst + ports - 1),
            SourceV4Count = 1,
            SourceV6Count = 1,
            PublicMtu = 1500,
        };
        for (int state = 1; state < 9; state++) config.TimeoutMs[state] = 3_600_000;
        config.SourceV4[0] = GaleAddress.From(SourceFour);
        config.SourceV6[0] = GaleAddress.From(SourceSix);
        config.TunnelSourceV4 = GaleAddress.From(SourceFour);
        config.TunnelSourceV6 = GaleAddress.From(SourceSix);
        rig.PutConfig(config);
        foreach (bool ipv4 in (bool[])[true, false])
        {
            int first = ipv4 ? 0 : 100;
            foreach (byte protocol in (byte[])[PacketBuilder.Tcp, PacketBuilder.Udp])
            {
                rig.Map("services").Update(
                    new GaleServiceKey { Address = GaleAddress.From(Vip(ipv4).Address), Port = new Be16(80), Protocol = protocol },
                    new GaleService { Ring = ipv4 ? 0u : 1u, PreviousRing = GaleLimit.RingNone, ServiceId = 1, TargetPort = new Be16(8080), Hash = hash });
            }

            for (int index = 0; index < nodes; index++)
            {
                rig.Map("nodes").Update(
                    (uint)(first + index),
                    new GaleNode { Address = GaleAddress.From(Node(ipv4, index)), Generation = 1, Flags = GaleNodeFlag.Valid });
                rig.Map("next_hops").Update(
                    (uint)(first + index),
                    new GaleNextHop
                    {
                        Ifindex = 1,
                        Mtu = 1500,
                        DestinationMac = new MacAddress(2, 0, 0, 0, (byte)(first >> 4), (byte)index),
                        SourceMac = new MacAddress(2, 0, 0, 0, 0, 0xf2),
                        State = GaleNextHopState.Resolved,
                    });
            }

            rig.PutRing(ipv4 ? 0u : 1u, slot => (ushort)(first + nodeOfSlot(slot)));
        }
    }
}
