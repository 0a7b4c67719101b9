using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Netlink;
using GaleLb.DataPlane.NextHops;
using GaleLb.DataPlane.Tests.Netlink;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests.NextHops;

public sealed class NextHopTableTests
{
    private static readonly IPAddress NodeOne = IPAddress.Parse("10.73.0.2");
    private static readonly IPAddress Gateway = IPAddress.Parse("10.73.0.254");
    private static readonly IPAddress PrivateOne = IPAddress.Parse("10.73.0.1");
    private static readonly MacAddress NodeMac = new(2, 0, 0, 0, 0, 2);
    private static readonly MacAddress OwnMac = new(2, 0, 0, 0, 0, 1);
    private static readonly Link Private = new(3, "priv0", OwnMac, 1500, IsUp: true, 0, 0, 0);
    private static readonly Route OnLink = new(RouteType.Unicast, 3, null, PrivateOne, null);

    private readonly NextHopTable table = new([PrivateOne]);
    private long nowMs = 100_000;

    [Fact]
    public void Decide_NeighbourOnLink_IsResolved()
    {
        Decide(NodeOne, OnLink, [Private], [Known(NodeOne, NeighbourState.Reachable)]).Should().BeEquivalentTo(new NextHopResolution(
            new GaleNextHop
            {
                Ifindex = 3,
                Mtu = 1500,
                DestinationMac = NodeMac,
                SourceMac = OwnMac,
                State = GaleNextHopState.Resolved,
                SourceAddress = GaleAddress.From(PrivateOne),
            },
            null,
            new NeighbourKey(3, NodeOne),
            NeedsProbe: false));
    }

    [Fact]
    public void Decide_BehindAGateway_HasItsMacAndTheRoutesMtu()
    {
        IPAddress far = IPAddress.Parse("10.99.0.5");
        Route route = OnLink with { Gateway = Gateway, Mtu = 1400 };
        NextHopResolution resolution = Decide(far, route, [Private], [Known(Gateway, NeighbourState.Stale)]);
        (resolution.Value.DestinationMac, resolution.Value.Mtu, resolution.NeedsProbe).Should().Be((NodeMac, 1400u, true));
    }

    [Fact]
    public void Decide_SourceThatIsNoNatAddress_IsLeftToTheConfiguration()
    {
        Route route = OnLink with { PreferredSource = IPAddress.Parse("10.73.0.77") };
        Decide(NodeOne, route, [Private], [Known(NodeOne, NeighbourState.Reachable)]).Value.SourceAddress.IsZero.Should().BeTrue();
    }

    [Fact]
    public void Decide_OverAVlan_GoesToTheDeviceBelowWithTheTag()
    {
        Link vlan = new(5, "priv0.100", OwnMac, 1500, IsUp: true, Parent: 3, VlanId: 100, MergedMax: 0);
        NextHopResolution resolution = Decide(
            NodeOne, OnLink with { Ifindex = 5 }, [Private, vlan],
            [new Neighbour(new NeighbourKey(5, NodeOne), NodeMac, NeighbourState.Reachable)]);
        (resolution.Value.Ifindex, resolution.Value.VlanCount, resolution.Value.VlanTci).Should().Be((3u, (byte)1, new VlanTags2(new Be16(100), default)));
    }

    public static TheoryData<string, Route?, bool> Problems() => new()
    {
        { "no route to 10.73.0.2", null, false },
        { "10.73.0.2 is an address of this machine", OnLink with { Type = RouteType.Local }, false },
        { "the route to 10.73.0.2 is blackhole", OnLink with { Type = RouteType.Blackhole }, false },
        { "the route to 10.73.0.2 names interface 9, which is gone", OnLink with { Ifindex = 9 }, false },
        { "10.73.0.2 does not answer on priv0", OnLink, true },
        { "10.73.0.254 (gateway of 10.73.0.2) does not answer on priv0", OnLink with { Gateway = Gateway }, true },
    };

    [Theory]
    [MemberData(nameof(Problems))]
    public void Decide_WithoutAWay_SaysWhy(string problem, Route? route, bool probe)
    {
        NextHopResolution resolution = Decide(NodeOne, route, [Private], []);
        (resolution.Problem, resolution.NeedsProbe, resolution.Value.State).Should().Be((problem, probe, GaleNextHopState.Unresolved));
    }

    [Fact]
    public void Table_FollowingNotifications_WritesWhatChangesAndNothingElse()
    {
        NodeRow node = new(new NodeIndex(4), new Generation(1), "n", NodeOne, 0, NodeFlows.Keep);
        Follow(NetlinkType.NewLink, Captured.LinkPayload);
        table.SetNodes([node]).Should().Equal(node);
        table.SetRoute(node.Index, OnLink);
        Write().Should().Equal((node.Index, GaleNextHopState.Unresolved));
        table.Decide(nowMs).Probes.Should().Equal(new NeighbourKey(3, NodeOne));
        table.Status().Single().Problem.Should().Be("10.73.0.2 does not answer on gdpa");

        Follow(Captured.Neighbour4);
        Write().Should().Equal((node.Index, GaleNextHopState.Resolved));
        Write().Should().BeEmpty();
        table.SetNodes([node with { Flows = NodeFlows.Refuse }]).Should().BeEmpty();
        Write().Should().BeEmpty();

        // Forgotten by the kernel: held while it asks, and given up when nobody answers.
        Follow(NetlinkType.DeleteNeighbour, Captured.Neighbour4[16..]);
        Write().Should().BeEmpty();
        table.Decide(nowMs).Probes.Should().Equal(new NeighbourKey(3, NodeOne));
        nowMs += NextHopTable.HoldMs;
        Write().Should().Equal((node.Index, GaleNextHopState.Unresolved));
    }

    [Fact]
    public void Table_NeighbourThatFailed_IsHeldWhileTheKernelAsksOnceMore()
    {
        NodeRow node = new(new NodeIndex(4), new Generation(1), "n", NodeOne, 0, NodeFlows.Keep);
        Follow(NetlinkType.NewLink, Captured.LinkPayload);
        Follow(Captured.Neighbour4);
        table.SetNodes([node]);
        table.SetRoute(node.Index, OnLink);
        Write().Should().HaveCount(1);
        byte[] failed = [.. Captured.Neighbour4];
        failed[16 + 8] = (byte)NeighbourState.Failed;
        Follow(failed);
        Write().Should().BeEmpty();
        nowMs += NextHopTable.HoldMs;
        Write().Should().Equal((node.Index, GaleNextHopState.Unresolved));
    }

    [Fact]
    public void Table_InheritedValue_IsHeldUntilTheKernelKnowsBetter()
    {
        NodeRow node = new(new NodeIndex(4), new Generation(1), "n", NodeOne, 0, NodeFlows.Keep);
        Follow(NetlinkType.NewLink, Captured.LinkPayload);
        table.SetNodes([node]);
        table.Inherit(node.Index, new GaleNextHop { Ifindex = 3, State = GaleNextHopState.Resolved, DestinationMac = NodeMac });
        table.SetRoute(node.Index, OnLink);
        Write().Should().BeEmpty();
        table.Status().Single().Resolved.Should().BeTrue();
        Follow(Captured.Neighbour4);
        Write().Should().Equal((node.Index, GaleNextHopState.Resolved));
    }

    [Fact]
    public void Table_PlaceThatChangesHands_IsWrittenAnewThoughTheValueIsEqual()
    {
        NodeRow node = new(new NodeIndex(4), new Generation(1), "n", NodeOne, 0, NodeFlows.Keep);
        Follow(NetlinkType.NewLink, Captured.LinkPayload);
        Follow(Captured.Neighbour4);
        table.SetNodes([node]);
        table.SetRoute(node.Index, OnLink);
        Write().Should().HaveCount(1);
        NodeRow next = node with { Generation = new Generation(2) };
        table.SetNodes([next]).Should().Equal(next);
        table.SetRoute(node.Index, OnLink);
        Write().Should().HaveCount(1);
    }

    [Fact]
    public void MtuOf_AnInterface_IsWhatTheKernelLastSaid()
    {
        table.MtuOf(3).Should().BeNull();
        Follow(NetlinkType.NewLink, Captured.LinkPayload);
        table.MtuOf(3).Should().Be(1500);
        byte[] smaller = [.. Captured.LinkPayload];
        int mtu = smaller.AsSpan().IndexOf((byte[])[8, 0, 4, 0, 0xdc, 5]) + 4; // IFLA_MTU, 1500
        BinaryPrimitives.WriteUInt32LittleEndian(smaller.AsSpan(mtu), 1400);
        Follow(NetlinkType.NewLink, smaller);
        table.MtuOf(3).Should().Be(1400);
        Follow(NetlinkType.DeleteLink, smaller);
        table.MtuOf(3).Should().BeNull();
    }

    [Fact]
    public void MtuOf_AnInterfaceWhoseMtuTheKernelDoesNotSay_IsUnknown()
    {
        Follow(NetlinkType.NewLink, Captured.VlanPayload);
        table.MtuOf(4).Should().BeNull();
    }

    [Fact]
    public void Follow_WhatABridgeSaysOfItsPorts_ChangesNoInterface()
    {
        Follow(NetlinkType.NewLink, Captured.LinkPayload);
        byte[] port = [.. Captured.LinkPayload];
        port[0] = 7; // AF_BRIDGE
        table.RoutesRead();

        Follow(NetlinkType.DeleteLink, port);
        table.MtuOf(3).Should().Be(1500);
        port[4]++;
        Follow(NetlinkType.NewLink, port);
        table.MtuOf(4).Should().BeNull();
        table.RoutesChanged.Should().BeFalse();
    }

    private static NextHopResolution Decide(IPAddress node, Route? route, Link[] links, Neighbour[] neighbours) =>
        NextHopResolution.Decide(node, route, links.ToDictionary(l => l.Ifindex), neighbours.ToDictionary(n => n.Key), [PrivateOne]);

    private static Neighbour Known(IPAddress address, NeighbourState state) => new(new NeighbourKey(3, address), NodeMac, state);

    private (NodeIndex, GaleNextHopState)[] Write()
    {
        ImmutableArray<(NodeIndex Node, GaleNextHop Value)> changed = table.Decide(nowMs).Changed;
        foreach ((NodeIndex node, GaleNextHop value) in changed) table.Written(node, value);
        return [.. changed.Select(c => (c.Node, c.Value.State))];
    }

    private void Follow(NetlinkType type, byte[] payload) =>
        Follow([.. BitConverter.GetBytes(16 + payload.Length), (byte)type, 0, .. new byte[10], .. payload]);

    private void Follow(byte[] message)
    {
        ReadOnlySpan<byte> buffer = message;
        NetlinkMessage.TryRead(ref buffer, out NetlinkMessage read).Should().BeTrue();
        table.Follow(in read);
    }
}
