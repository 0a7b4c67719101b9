using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Forwarding;

public sealed class PacketTraceTests
{
    private static readonly IPEndPoint Client = IPEndPoint.Parse("198.51.100.10:40001");
    private static readonly IPEndPoint Vip = IPEndPoint.Parse("203.0.113.80:80");
    private static readonly NodeRow First = new(new NodeIndex(1), new Generation(1), "node-1", IPAddress.Parse("10.0.0.11"), 0, NodeFlows.Keep);
    private static readonly NodeRow Second = new(new NodeIndex(2), new Generation(1), "node-2", IPAddress.Parse("10.0.0.12"), 0, NodeFlows.Keep);

    private static ForwardingTable Table(bool withRing = true, IPAddress? address = null) => new(
        new LogIndex(7),
        [new ServiceRow(new ServiceId(1), "web", address ?? Vip.Address, 80, Protocol.Tcp, ForwardingMode.L4, HashPolicy.FiveTuple, 8080, withRing ? new RingId(3) : null)],
        withRing ? [new RingRow(new RingId(3), [.. Enumerable.Range(0, ForwardingTable.RingSlots).Select(slot => new NodeIndex((ushort)(1 + (slot & 1))))])] : [],
        [First, Second])
    { Digest = "" };

    private static PacketTrace Trace(
        ForwardingTable table, IPEndPoint? destination = null, FlowRow? flow = null, ImmutableArray<NextHopStatus> hops = default, Protocol protocol = Protocol.Tcp) =>
        PacketTrace.Of(table, [IPAddress.Parse("192.0.2.1")], [22, 9090], 0, flow, hops.IsDefault ? [] : hops, Client, destination ?? Vip, protocol);

    private static FlowRow Flow(NodeRow node) => new(
        Protocol.Tcp, Client, Vip, IPEndPoint.Parse("10.0.0.1:5000"), new IPEndPoint(node.Address, 8080), node.Index, new ServiceId(1), "established",
        TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(1));

    [Fact]
    public void Of_NewClient_FollowsTheHashOfThePrograms()
    {
        int slot = FlowHash.Slot(Client, Vip, Protocol.Tcp, HashPolicy.FiveTuple, 0);

        PacketTrace trace = Trace(Table());

        trace.Should().BeEquivalentTo(new { Verdict = "forward", Service = "web", Slot = slot, KnownFlow = false });
        trace.Node.Should().Be((slot & 1) == 0 ? First : Second);
    }

    [Theory]
    [InlineData("node-1")]
    [InlineData("node-2")]
    public void Of_KnownFlow_StaysWithItsNodeWhateverTheHashSays(string name)
    {
        NodeRow node = name == First.Name ? First : Second;

        PacketTrace trace = Trace(Table(), flow: Flow(node));

        trace.Should().BeEquivalentTo(new { Verdict = "forward", Node = node, Slot = (int?)null, KnownFlow = true });
    }

    [Fact]
    public void Of_FlowOfANodeGivenUp_IsRefused()
    {
        ForwardingTable table = Table();
        table = table with { Nodes = [First with { Flows = NodeFlows.Refuse }, Second] };

        Trace(table, flow: Flow(First)).Verdict.Should().Be("refuse");
    }

    [Theory]
    [InlineData("203.0.113.80:81")]
    [InlineData("203.0.113.81:80")]
    public void Of_NoServicesAddress_Passes(string destination) =>
        Trace(Table(), IPEndPoint.Parse(destination)).Verdict.Should().Be("pass");

    [Fact]
    public void Of_OtherProtocol_Passes() => Trace(Table(), protocol: Protocol.Udp).Verdict.Should().Be("pass");

    [Fact]
    public void Of_ProtectedPort_PassesThoughAServiceHasIt()
    {
        ForwardingTable table = Table();
        table = table with { Services = [table.Services[0] with { Port = 22 }] };

        Trace(table, new IPEndPoint(Vip.Address, 22)).Verdict.Should().Be("pass");
    }

    [Fact]
    public void Of_ServiceOfSelf_HasThisReplicasAddresses()
    {
        ForwardingTable table = Table();
        table = table with { Services = [table.Services[0] with { Address = null }] };

        Trace(table, IPEndPoint.Parse("192.0.2.1:80")).Verdict.Should().Be("forward");
        Trace(table).Verdict.Should().Be("pass");
    }

    [Theory]
    [InlineData("198.51.100.0", 24, "block")]
    [InlineData("198.51.100.8", 29, "block")]
    [InlineData("198.51.100.10", 32, "block")]
    [InlineData("198.51.100.11", 32, "forward")]
    [InlineData("198.51.101.0", 24, "forward")]
    [InlineData("::", 0, "forward")]
    public void Of_BlockedRange_HoldsItsAddressesOnly(string address, byte length, string verdict) =>
        Trace(Table() with { Blocks = [new ClientPrefix(IPAddress.Parse(address), length)] }).Verdict.Should().Be(verdict);

    [Fact]
    public void Of_ServiceWithoutNodes_IsRefused() => Trace(Table(withRing: false)).Verdict.Should().Be("refuse");

    [Fact]
    public void Of_NodeWithoutAWay_SaysWhy()
    {
        ImmutableArray<NextHopStatus> hops =
            [new NextHopStatus(First.Index, First.Name, false, "no neighbour answers"), new NextHopStatus(Second.Index, Second.Name, false, "no neighbour answers")];

        PacketTrace trace = Trace(Table(), hops: hops);

        trace.Verdict.Should().Be("refuse");
        trace.Why[^1].Should().Contain("no neighbour answers");
    }
}
