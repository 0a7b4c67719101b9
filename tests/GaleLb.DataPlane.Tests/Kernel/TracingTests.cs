using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Kernel;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Tests.Support;
using GaleLb.DataPlane.Tracing;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests.Kernel;

/// <summary>What the real programs tell of real packets, and what they answer when they are asked.</summary>
[Collection(KernelCollection.Name)]
public sealed class TracingTests
{
    [RootTheory]
    [InlineData(XdpMode.Native)]
    [InlineData(XdpMode.Generic)]
    [InlineData(XdpMode.Tc)]
    public void Trace_OfConnections_TellsBothWaysAndEndsWithoutALoss(XdpMode mode)
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, lab.Options(mode));
        lab.Connect(Lab.VipOne, 1);
        int device = lab.Balancer.Do(() => plane.Status).Interfaces[0].Ifindex;
        (XdpAttachment, uint?) Attached() =>
            lab.Balancer.Do(() => (XdpAttachment.Query(device), new TcHook(device, TcAttachPoint.Ingress).Query(handle: 1, priority: 0x6c61)));
        (XdpAttachment, uint?) before = Attached();
        IPacketTrace trace = lab.Balancer.Do(() => plane.TryTrace(PacketFilter.Everything with { Range = IPNetwork.Parse($"{Lab.ClientOne}/32") }))!;

        lab.Balancer.Do(() => plane.TryTrace(PacketFilter.Everything)).Should().BeNull("one trace at a time");
        Attached().Should().NotBe(before);
        lab.Balancer.Do(() => plane.Status).Attached.Should().BeTrue();
        lab.Connect(Lab.VipOne, 5).Should().OnlyContain(a => a.StartsWith("node"));
        ImmutableArray<TracedPacket> told = trace.Take();
        lab.Balancer.Do(trace.Dispose);
        Attached().Should().Be(before);
        lab.Connect(Lab.VipOne, 5).Should().OnlyContain(a => a.StartsWith("node"));

        TracedPacket opening = told.First(p => p.TcpFlags == 2);
        (opening.Side, opening.Came.Source.Address, opening.Came.Destination).Should().Be(("public", Lab.ClientOne, new IPEndPoint(Lab.VipOne, Lab.ServicePort)));
        (opening.Decision.Verdict, opening.Decision.Reason, opening.Decision.Answer).Should().Be(("redirect", "forwarded_l4", null));
        IPEndPoint node = opening.Left!.Value.Destination;
        (node.Port, node.Address).Should().Be((Lab.TargetPort, opening.Decision.Node!.Value.Value == 0 ? Lab.NodeOne : Lab.NodeTwo));
        TracedPacket answer = told.First(p => p.Side == "private" && p.Came.Destination.Equals(opening.Left!.Value.Source));
        (answer.Came.Source, answer.Left!.Value.Destination, answer.Decision.Reason).Should().Be((node, opening.Came.Source, "returned_l4"));
        told.Count(p => p.TcpFlags == 2).Should().Be(5, "the connections before and after were not traced");
        told.Should().OnlyContain(p => p.Ago >= TimeSpan.Zero && p.Decision.Service == new ServiceId(0));
        trace.Take().Should().BeEmpty("it has ended");
        trace.Lost.Should().Be(0);
        lab.Balancer.Do(() => plane.Status).Attached.Should().BeTrue();
        lab.Balancer.Do(() => plane.TryTrace(PacketFilter.Everything))!.Dispose();
    }

    [RootTheory]
    [InlineData(XdpMode.Auto)]
    [InlineData(XdpMode.Tc)]
    public void Trace_OfAnEstablishedConnection_BreaksNothing(XdpMode mode)
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, lab.Options(mode));
        Task<string> client = Task.Run(() => lab.Stream(seconds: 15));
        Wait.Until(() => plane.ListFlows(FlowFilter.Everything, 10).Any(f => f.State == "established"), "a flow is established");
        for (int i = 0; i < 2; i++)
        {
            IPacketTrace trace = lab.Balancer.Do(() => plane.TryTrace(PacketFilter.Everything))!;
            Wait.Until(() => !trace.Take().IsEmpty, "the stream is told of");
            lab.Balancer.Do(trace.Dispose);
        }

        client.Result.Should().StartWith("done");
    }

    [RootTheory]
    [InlineData(XdpMode.Auto)]
    [InlineData(XdpMode.Tc)]
    public void Trace_ThatACrashLeft_IsReplacedByTheNextProcess(XdpMode mode)
    {
        using Lab lab = new();
        lab.StartServers();
        KernelDataPlane crashed = Start(lab, lab.Options(mode));
        lab.Balancer.Do(() => crashed.TryTrace(PacketFilter.Everything)).Should().NotBeNull();
        using KernelDataPlane plane = Start(lab, lab.Options(mode));

        lab.Balancer.Do(() => plane.Status).Attached.Should().BeTrue();
        lab.Balancer.Do(() => crashed.Status).Attached.Should().BeFalse("its programs are not there any more");
        lab.Connect(Lab.VipOne, 10).Should().OnlyContain(a => a.StartsWith("node"));
        lab.Balancer.Do(plane.Stop);
        lab.Balancer.Do(crashed.Dispose);
    }

    [RootTheory]
    [InlineData(XdpMode.Auto)]
    [InlineData(XdpMode.Tc)]
    public void Explain_OfPackets_SaysWhatTheProgramsDecideAndWritesNothing(XdpMode mode)
    {
        using Lab lab = new();
        DataPlaneOptions options = lab.Options(mode) with { HashSeed = 42 };
        using KernelDataPlane plane = Start(lab, options);
        ForwardingTable table = Tables.TwoNodes();
        for (int client = 0; client < 1000; client++)
        {
            IPEndPoint source = new(new IPAddress([10, 71, (byte)(client >> 8), (byte)client]), 1024 + client);
            IPEndPoint service = new(Lab.VipOne, Lab.ServicePort);
            NodeIndex expected = table.Rings[0].Slots[FlowHash.Slot(source, service, Protocol.Tcp, HashPolicy.FiveTuple, 42)];
            PacketDecision decision = plane.Explain(Protocol.Tcp, source, service, opening: true)!;
            (decision.Verdict, decision.Reason, decision.Node, decision.Service).Should().Be(("redirect", "forwarded_l4", expected, new ServiceId(0)));
        }

        Decide(8080, opening: false).Should().Be(("redirect", "drop_no_flow", "reset_sent"));
        Decide(22, opening: true).Should().Be(("pass", "pass_control", null));
        Decide(81, opening: true).Should().Be(("pass", "pass_not_ours", null));
        plane.ListFlows(FlowFilter.Everything, 10).Should().BeEmpty();
        Counters counters = plane.ReadCounters();
        counters.Reasons.Single(r => r.Reason == "forwarded_l4").Packets.Should().Be(0);
        counters.Services.Single().Traffic.Should().Be(new TrafficCounter(0, 0, 0, 0, 0, 0));

        (string, string, string?) Decide(int port, bool opening)
        {
            PacketDecision decision = plane.Explain(Protocol.Tcp, new IPEndPoint(Lab.ClientOne, 40000), new IPEndPoint(Lab.VipOne, port), opening)!;
            return (decision.Verdict, decision.Reason, decision.Answer);
        }
    }

    private static KernelDataPlane Start(Lab lab, DataPlaneOptions options)
    {
        KernelDataPlane plane = lab.StartDataPlane(options);
        lab.Balancer.Do(() => plane.Apply(Tables.TwoNodes()));
        Wait.Until(() => lab.Balancer.Do(() => plane.Status).NextHops.All(h => h.Resolved), "both nodes resolved");
        return plane;
    }
}
