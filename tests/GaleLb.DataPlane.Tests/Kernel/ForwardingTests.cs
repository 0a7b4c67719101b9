using System.Diagnostics;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Kernel;
using GaleLb.DataPlane.Tests.Support;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests.Kernel;

/// <summary>Real connections through the real programs.</summary>
[Collection(KernelCollection.Name)]
public sealed class ForwardingTests
{
    /// <summary>The length of merged segments goes up to 65,535 bytes, and that of what encapsulates them no further.</summary>
    [RootTheory]
    [InlineData(65_515, "forwarded_l3")]
    [InlineData(65_516, "drop_rewrite")]
    public void MergedSegments_InTcByL3_GoWhereTheOuterLengthHasRoomForThem(int length, string reason)
    {
        using Lab lab = new();
        lab.LeaveChecksumsToTheCard();
        using KernelDataPlane plane = Start(lab, lab.Options(XdpMode.Tc), Tables.Of(
            1, [Tables.Service(0, null, Lab.ServicePort, 0) with { Forwarding = ForwardingMode.L3 }], [Tables.Ring(0, 0)], [Tables.Node(0, Lab.NodeOne)]));

        Frames.SendMerged(lab, length, segment: 1400);

        plane.ReadCounters().Reasons.Where(r => r.Packets > 0 && r.Reason is "forwarded_l3" or "drop_rewrite" or "drop_malformed" or "drop_too_big")
            .Select(r => (r.Reason, r.Bytes)).Should().Equal((reason, (ulong)length));
    }

    /// <summary>
    /// A reset is written over what it answers, which for that is cut by way of other lengths. A packet that is of such a length already (90 bytes)
    /// must not keep its segments either.
    /// </summary>
    [RootTheory]
    [InlineData(76)]
    [InlineData(2840)]
    public void MergedSegments_InTcWithoutAFlow_AreAnsweredWithAReset(int length)
    {
        using Lab lab = new();
        lab.LeaveChecksumsToTheCard();
        lab.Balancer.Run("ethtool", "-K", "pub0", "tso", "off"); // what is still to be cut is cut here, which a packet of one segment does not survive
        using KernelDataPlane plane = Start(lab, lab.Options(XdpMode.Tc), Tables.Of(
            1, [Tables.Service(0, null, Lab.ServicePort, 0)], [Tables.Ring(0, 0)], [Tables.Node(0, Lab.NodeOne)]));
        Process client = Frames.Listen(lab.Client, protocol: 6, "10.71.0.1");

        Frames.SendMerged(lab, length, segment: 20);

        client.StandardOutput.ReadLine().Should().Be("0 4");
    }

    [RootTheory]
    [InlineData(XdpMode.Native)]
    [InlineData(XdpMode.Generic)]
    [InlineData(XdpMode.Tc)]
    public void Connections_ThroughTwoNodes_AreBalanced(XdpMode mode)
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = lab.StartDataPlane(lab.Options(mode));
        lab.Balancer.Do(() => plane.Apply(Tables.TwoNodes()));
        Wait.Until(() => lab.Balancer.Do(() => plane.Status).NextHops.All(h => h.Resolved), "both nodes resolved");

        string[] answers = lab.Connect(Lab.VipOne, 60);

        answers.Should().OnlyContain(a => a == "node1" || a == "node2");
        answers.Count(a => a == "node1").Should().BeInRange(15, 45);
        DataPlaneStatus status = lab.Balancer.Do(() => plane.Status);
        (status.Mode, status.Attached, status.AppliedIndex!.Value.Value).Should().Be((mode, true, 1ul));
        Counters counters = plane.ReadCounters();
        counters.Services.Single().Traffic.Connections.Should().Be(60);
        counters.Nodes.Sum(n => (long)n.Traffic.Connections).Should().Be(60);
        counters.Reasons.Single(r => r.Reason == "forwarded_l4").Packets.Should().BeGreaterThan(60);
    }

    [RootFact]
    public void Connections_OverIPv6_AreBalanced()
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, lab.Options(), Tables.Of(
            1, [Tables.Service(0, null, Lab.ServicePort, 0)], [Tables.Ring(0, 0, 1)],
            [Tables.Node(0, Lab.NodeOneSix), Tables.Node(1, Lab.NodeTwoSix)]));
        lab.Connect(Lab.VipSix, 20).Distinct().Order(StringComparer.Ordinal).Should().Equal("node1", "node2");
    }

    /// <summary>
    /// Packets as a local sender makes them, with checksums half done and many segments in one: both ways, of both families, to either node.
    /// </summary>
    [RootTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Echo_InTcWithChecksumsLeftToTheCard_ComesBackWhole(bool six)
    {
        const int Bytes = 30_000_000;
        using Lab lab = new();
        lab.LeaveChecksumsToTheCard();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, lab.Options(XdpMode.Tc), Tables.Of(
            1, [Tables.Service(0, null, Lab.ServicePort, 0)], [Tables.Ring(0, 0, 1)],
            [Tables.Node(0, six ? Lab.NodeOneSix : Lab.NodeOne), Tables.Node(1, six ? Lab.NodeTwoSix : Lab.NodeTwo)]));

        for (int i = 0; i < 4; i++) lab.Echo(six ? Lab.VipSix : Lab.VipOne, Bytes).Should().Be($"same {Bytes}");

        Counters counters = plane.ReadCounters();
        ReasonCounter forwarded = counters.Reasons.Single(r => r.Reason == "forwarded_l4");
        (forwarded.Bytes / forwarded.Packets).Should().BeGreaterThan(3000, "segments come merged");
        Traffic(counters).PacketsToNode.Should().BeGreaterThan(4ul * Bytes / 1500, "they are counted singly");
        Traffic(counters).PacketsFromNode.Should().BeGreaterThan(4ul * Bytes / 1500);
        static TrafficCounter Traffic(Counters counters) => counters.Services.Single().Traffic;
    }

    [RootTheory]
    [InlineData(XdpMode.Native)]
    [InlineData(XdpMode.Generic)]
    [InlineData(XdpMode.Tc)]
    public void Connections_WithOneInterfaceForBothSides_AreBalanced(XdpMode mode)
    {
        using Lab lab = new();
        lab.StartServers();
        lab.MoveClientToTheNodes();
        using KernelDataPlane plane = Start(lab, lab.Options(mode) with { PublicInterface = "priv0" }, Tables.TwoNodes());
        lab.Connect(Lab.PrivateOne, 20).Distinct().Order(StringComparer.Ordinal).Should().Equal("node1", "node2");
        DataPlaneStatus status = lab.Balancer.Do(() => plane.Status);
        status.Interfaces.Should().Equal([new InterfaceStatus("priv0", status.Interfaces[0].Ifindex, InterfaceRole.Both, mode, Attached: true)]);
    }

    [RootFact]
    public void Connections_AfterANodeLeftTheRing_GoToTheOther()
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, lab.Options(), Tables.TwoNodes());
        lab.Balancer.Do(() => plane.Apply(Tables.Of(
            2, [Tables.Service(0, null, Lab.ServicePort, 0)], [Tables.Ring(0, 1)], Tables.TwoNodes().Nodes)));
        lab.Connect(Lab.VipOne, 20).Should().OnlyContain(a => a == "node2");
    }

    [RootFact]
    public void Connection_WhoseNodeIsGivenUp_IsReset()
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, lab.Options(), Tables.Of(
            1, [Tables.Service(0, null, Lab.ServicePort, 0)], [Tables.Ring(0, 0)], [Tables.Node(0, Lab.NodeOne)]));
        Task<string> client = Task.Run(() => lab.Talk(seconds: 20));
        Wait.Until(() => plane.ListFlows(FlowFilter.Everything, 10).Any(f => f.State == "established"), "a flow is established");
        FlowRow flow = plane.ListFlows(FlowFilter.Everything, 10).Single();
        (flow.Client.Address, flow.Service.Port, flow.Node.Address, flow.Node.Port).Should().Be(
            (Lab.ClientOne, (int)Lab.ServicePort, Lab.NodeOne, (int)Lab.TargetPort));
        plane.FindFlow(Protocol.Tcp, flow.Client, flow.Service)!.Source.Should().Be(flow.Source);
        plane.FindFlow(Protocol.Udp, flow.Client, flow.Service).Should().BeNull();
        plane.FindFlow(Protocol.Tcp, flow.Node, flow.Source).Should().BeNull("that is the other half's key");

        lab.Balancer.Do(() => plane.Apply(Tables.Of(
            2, [Tables.Service(0, null, Lab.ServicePort, null)], [], [Tables.Node(0, Lab.NodeOne, flows: NodeFlows.Refuse)])));

        client.Result.Should().Contain("ConnectionResetError");
        plane.ReadCounters().Reasons.Single(r => r.Reason == "drop_node_refused").Packets.Should().BePositive();
    }

    [RootFact]
    public void Connection_WhileTheKernelForgetsItsNeighbours_GoesOn()
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, lab.Options(), Tables.TwoNodes());
        Task<string> client = Task.Run(() => lab.Stream(seconds: 4));
        for (int i = 0; i < 5; i++)
        {
            lab.Balancer.Ip("neigh flush dev priv0");
            Wait.Until(() => plane.ListFlows(FlowFilter.Everything, 10).Any(f => f.State == "established"), "a flow is established");
        }

        client.Result.Should().StartWith("done");
        plane.ReadCounters().Reasons.Single(r => r.Reason == "drop_unresolved").Packets.Should().Be(0);
    }

    [RootFact]
    public void Connections_AfterANodeChangedItsMac_GoOn()
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, lab.Options(), Tables.TwoNodes());
        lab.Nodes[0].Ip("link set eth0 address 02:00:00:00:aa:01");
        lab.Nodes[0].Run("ping", "-q", "-c", "1", "-W", "5", Lab.PrivateOne.ToString());
        lab.Connect(Lab.VipOne, 20).Distinct().Order(StringComparer.Ordinal).Should().Equal("node1", "node2");
    }

    [RootFact]
    public void Node_ThatDoesNotAnswer_IsShownAndItsConnectionsCounted()
    {
        using Lab lab = new();
        using KernelDataPlane plane = lab.StartDataPlane();
        lab.Balancer.Do(() => plane.Apply(Tables.Of(
            1, [Tables.Service(0, null, Lab.ServicePort, 0)], [Tables.Ring(0, 0)], [Tables.Node(0, System.Net.IPAddress.Parse("10.72.0.99"))])));
        lab.Connect(Lab.VipOne, 1).Should().Equal("TimeoutError");
        lab.Balancer.Do(() => plane.Status).NextHops.Should().Equal(
            new NextHopStatus(new NodeIndex(0), "node-0", Resolved: false, "10.72.0.99 does not answer on priv0"));
        plane.ReadCounters().Reasons.Single(r => r.Reason == "drop_unresolved").Packets.Should().BePositive();
    }

    [RootFact]
    public void Connections_WithoutTheControlPlane_AreRefusedByTheDeadMan()
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, lab.Options() with { DeadMan = TimeSpan.FromSeconds(30) }, Tables.TwoNodes());
        lab.Connect(Lab.VipOne, 1).Should().OnlyContain(a => a.StartsWith("node"));

        // The next process finds the deadline of a dead man that is nearly at once.
        plane.Dispose();
        using KernelDataPlane next = Start(lab, lab.Options() with { DeadMan = TimeSpan.FromMilliseconds(1) }, Tables.TwoNodes());
        lab.Connect(Lab.VipOne, 1).Should().OnlyContain(a => a == "ConnectionRefusedError");
        next.ReadCounters().Reasons.Single(r => r.Reason == "drop_dead_man").Packets.Should().BePositive();
        next.Dispose();

        using KernelDataPlane last = Start(lab, lab.Options() with { DeadMan = TimeSpan.FromSeconds(30) }, Tables.TwoNodes());
        last.ConfirmControl();
        lab.Connect(Lab.VipOne, 1).Should().OnlyContain(a => a.StartsWith("node"));
    }

    [RootFact]
    public void Connections_WhileNewOnesAreRefused_GoOnIfTheyWereEstablished()
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, lab.Options(), Tables.TwoNodes());
        Task<string> established = Task.Run(() => lab.Stream(seconds: 3));
        Wait.Until(() => plane.ListFlows(FlowFilter.Everything, 10).Any(f => f.State == "established"), "a flow is established");

        plane.RefuseNewFlows(true);
        lab.Connect(Lab.VipOne, 1).Should().OnlyContain(a => a == "ConnectionRefusedError");
        established.Result.Should().StartWith("done");

        plane.RefuseNewFlows(false);
        lab.Connect(Lab.VipOne, 1).Should().OnlyContain(a => a.StartsWith("node"));
    }

    [RootFact]
    public void Flows_OfEndedConnections_AreSweptAfterTheirTimeout()
    {
        using Lab lab = new();
        lab.StartServers();
        FlowTimeoutOptions quick = new() { TimeWait = TimeSpan.FromMilliseconds(50), Fin = TimeSpan.FromMilliseconds(50), Closed = TimeSpan.FromMilliseconds(50) };
        using KernelDataPlane plane = Start(lab, lab.Options() with { Timeouts = quick }, Tables.TwoNodes());
        lab.Connect(Lab.VipOne, 30);
        // Counted when a step is over, which is a moment after its flows are gone.
        Wait.Until(() => plane.ReadCounters().Sweeper.Expired >= 30, "all flows swept", seconds: 30);
        plane.ReadCounters().Sweeper.Expired.Should().Be(30);
        plane.ListFlows(FlowFilter.Everything, 100).Should().BeEmpty();
    }

    private static KernelDataPlane Start(Lab lab, DataPlaneOptions options, ForwardingTable table)
    {
        KernelDataPlane plane = lab.StartDataPlane(options);
        lab.Balancer.Do(() => plane.Apply(table));
        Wait.Until(() => lab.Balancer.Do(() => plane.Status).NextHops.All(h => h.Resolved), "every node resolved");
        return plane;
    }
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KernelCollection
{
    public const string Name = "kernel";
}
