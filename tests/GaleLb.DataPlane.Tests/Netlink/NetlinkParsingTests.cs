using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Netlink;

namespace GaleLb.DataPlane.Tests.Netlink;

public sealed class NetlinkParsingTests
{
    private static readonly MacAddress MacOne = new(2, 0, 0, 0, 0, 1);

    [Fact]
    public void Link_OfAVeth_HasNameMacAndMtu() =>
        Link.Parse(Captured.LinkPayload).Should().Be(new Link(3, "gdpa", MacOne, 1500, IsUp: true, Parent: 0, VlanId: 0, MergedMax: 0));

    [Fact]
    public void Link_OfAVlan_HasParentAndId() =>
        Link.Parse(Captured.VlanPayload).Should().Be(new Link(4, "vlan", MacOne, 0, IsUp: true, Parent: 3, VlanId: 100, MergedMax: 0));

    [Fact]
    public void Neighbour_Permanent_IsUsable()
    {
        Neighbour neighbour = Neighbour.Parse(Payload(Captured.Neighbour4, NetlinkType.NewNeighbour))!;
        neighbour.Should().Be(new Neighbour(
            new NeighbourKey(3, IPAddress.Parse("10.73.0.2")), new MacAddress(2, 0, 0, 0, 0, 2), NeighbourState.Permanent));
        neighbour.IsUsable.Should().BeTrue();
    }

    [Fact]
    public void Neighbour_StaleIPv6_IsUsableAndStale()
    {
        Neighbour neighbour = Neighbour.Parse(Payload(Captured.Neighbour6, NetlinkType.NewNeighbour))!;
        neighbour.Key.Address.Should().Be(IPAddress.Parse("fd73::2"));
        (neighbour.IsUsable, neighbour.IsStale).Should().Be((true, true));
    }

    [Theory]
    [InlineData(NeighbourState.Incomplete)]
    [InlineData(NeighbourState.Failed)]
    [InlineData(NeighbourState.None)]
    public void Neighbour_NotResolved_IsNotUsable(NeighbourState state) =>
        new Neighbour(new NeighbourKey(3, IPAddress.Loopback), MacOne, state).IsUsable.Should().BeFalse();

    [Fact]
    public void Address_OfEitherFamily_HasPrefixAndScope()
    {
        InterfaceAddress.Parse(Payload(Captured.Address4, NetlinkType.NewAddress))
            .Should().Be(new InterfaceAddress(3, IPAddress.Parse("10.73.0.1"), 24, IsGlobal: true));
        InterfaceAddress.Parse(Payload(Captured.Address6, NetlinkType.NewAddress))
            .Should().Be(new InterfaceAddress(3, IPAddress.Parse("fd73::1"), 64, IsGlobal: true));
    }

    [Fact]
    public void Route_OnLink_HasNoGateway() =>
        Route.Parse(Payload(Captured.RouteOnLink, NetlinkType.NewRoute))
            .Should().Be(new Route(RouteType.Unicast, 3, null, IPAddress.Parse("10.73.0.1"), null));

    [Fact]
    public void Route_ByGateway_HasItAndItsMtu() =>
        Route.Parse(Payload(Captured.RouteByGateway, NetlinkType.NewRoute))
            .Should().Be(new Route(RouteType.Unicast, 3, IPAddress.Parse("10.73.0.254"), IPAddress.Parse("10.73.0.1"), 1400));

    [Fact]
    public void Route_IPv6ByGateway_HasIt() =>
        Route.Parse(Payload(Captured.Route6ByGateway, NetlinkType.NewRoute))
            .Should().Be(new Route(RouteType.Unicast, 3, IPAddress.Parse("fd73::254"), IPAddress.Parse("fd73::1"), null));

    [Fact]
    public void Route_ToThisMachine_IsLocal() =>
        Route.Parse(Payload(Captured.RouteLocal, NetlinkType.NewRoute))!.Type.Should().Be(RouteType.Local);

    [Fact]
    public void EveryParser_CutAnywhere_ReadsNothingBeyond()
    {
        foreach (byte[] message in new[]
                 {
                     Captured.Neighbour4, Captured.Neighbour6, Captured.Address4, Captured.Address6, Captured.RouteOnLink, Captured.RouteByGateway,
                     Captured.Route6ByGateway, [.. new byte[16], .. Captured.LinkPayload], [.. new byte[16], .. Captured.VlanPayload],
                 })
        {
            for (int length = 0; length < message.Length; length++)
            {
                ReadOnlySpan<byte> cut = message.AsSpan(0, length);
                NetlinkMessage.TryRead(ref cut, out _).Should().BeFalse("{0} of {1} bytes", length, message.Length);
                byte[] payload = [.. message.AsSpan(Math.Min(16, length), Math.Max(0, length - 16))];
                Link.Parse(payload);
                Neighbour.Parse(payload);
                InterfaceAddress.Parse(payload);
                Route.Parse(payload);
            }
        }
    }

    [Fact]
    public void Messages_OneBehindTheOther_AreReadInTurn()
    {
        ReadOnlySpan<byte> buffer = (byte[])[.. Captured.Neighbour4, .. Captured.RouteOnLink];
        NetlinkMessage.TryRead(ref buffer, out NetlinkMessage first).Should().BeTrue();
        NetlinkMessage.TryRead(ref buffer, out NetlinkMessage second).Should().BeTrue();
        NetlinkMessage.TryRead(ref buffer, out _).Should().BeFalse();
        (first.Type, second.Type).Should().Be((NetlinkType.NewNeighbour, NetlinkType.NewRoute));
    }

    [Fact]
    public void UseNeighbour_Request_IsAsTheKernelReadsIt() =>
        Convert.ToHexStringLower(NetlinkRequests.UseNeighbour(new NeighbourKey(3, IPAddress.Parse("10.73.0.2")))).Should().Be(
            "24000000" + "1c00" + "0504" + "00000000" + "00000000" // length, RTM_NEWNEIGH, REQUEST | ACK | CREATE
            + "02000000" + "03000000" + "0000" + "01" + "00" // AF_INET, ifindex, state, NTF_USE
            + "08000100" + "0a490002"); // NDA_DST

    private static byte[] Payload(byte[] message, NetlinkType type)
    {
        ReadOnlySpan<byte> buffer = message;
        NetlinkMessage.TryRead(ref buffer, out NetlinkMessage read).Should().BeTrue();
        read.Type.Should().Be(type);
        return [.. read.Payload];
    }
}
