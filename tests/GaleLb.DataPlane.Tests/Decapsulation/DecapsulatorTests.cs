using System.Net;
using GaleLb.DataPlane.Decapsulation;
using GaleLb.DataPlane.Kernel;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;
using GaleLb.DataPlane.Tests.Kernel;
using GaleLb.DataPlane.Tests.Support;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests.Decapsulation;

/// <summary>Against the kernel: on a veth of a node.</summary>
[Collection(KernelCollection.Name)]
public sealed class DecapsulatorTests
{
    private const string Device = "eth0";
    private static readonly IPAddress Own = IPAddress.Parse("10.77.0.11");
    private static readonly IPAddress Vip = IPAddress.Parse("203.0.113.10");

    [RootFact]
    public void Attach_ThenDispose_LeavesNoProgramBehind() => InNode(link =>
    {
        using (Decapsulator program = Decapsulator.Attach(link, isInTc: false, []))
        {
            program.Hold(Own, [Vip]);
            program.Mode.Should().Be(XdpMode.Native);
            XdpAttachment.Query(link.Ifindex).Any.Should().BeTrue();
            program.ReadPackets()[GaleNodeOutcome.Unwrapped].Should().Be(0);
        }

        XdpAttachment.Query(link.Ifindex).Any.Should().BeFalse();
    });

    [RootFact]
    public void Attach_WhereAnotherProgramIs_IsRefusedInWordsAndLeavesIt() => InNode(link =>
    {
        using Decapsulator first = Decapsulator.Attach(link, isInTc: false, []);

        ((Action)(() => Decapsulator.Attach(link, isInTc: false, []))).Should().Throw<DataPlaneException>().WithMessage($"interface {Device} already has an XDP program*");

        XdpAttachment.Query(link.Ifindex).Any.Should().BeTrue();
    });

    /// <summary>
    /// By an IPv4 node, of either family inside. In TC packets are as local senders make them: checksums half done, and many segments in one, which
    /// stay so through both programs.
    /// </summary>
    [RootTheory]
    [MemberData(nameof(PlacesAndFamilies))]
    public void Echo_ByL3_ComesBackWhole(bool isInTc, bool isSix)
    {
        IPAddress vip = IPAddress.Parse(isSix ? "fd71:9::1" : "10.71.9.1");
        const int Bytes = 2_000_000;
        using Lab lab = new();
        if (isInTc) lab.LeaveChecksumsToTheCard();
        lab.StartServers(Lab.ServicePort);
        lab.Client.Ip($"route add {vip} via {(isSix ? Lab.VipSix : Lab.VipOne)}");
        lab.Balancer.Run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
        lab.Nodes[0].Ip($"addr add {vip} dev lo");
        lab.Nodes[0].Ip(isSix ? "route add fd71::/64 via fd72::1" : $"route add 10.71.0.0/24 via {Lab.PrivateOne}");
        using KernelDataPlane plane = lab.StartDataPlane(lab.Options(isInTc ? XdpMode.Tc : XdpMode.Native));
        lab.Balancer.Do(() => plane.Apply(Tables.Of(
            1, [Tables.Service(0, vip, Lab.ServicePort, 0) with { Forwarding = ForwardingMode.L3 }], [Tables.Ring(0, 0)], [Tables.Node(0, Lab.NodeOne)])));
        Wait.Until(() => lab.Balancer.Do(() => plane.Status).NextHops.All(h => h.Resolved), "the node resolved");
        Decapsulator program = lab.Nodes[0].Do(() => Decapsulator.Attach(FindDevice(), isInTc, []));
        try
        {
            program.Hold(Lab.NodeOne, [vip]);

            lab.Echo(vip, Bytes).Should().Be($"same {Bytes}");

            program.Mode.Should().Be(isInTc ? XdpMode.Tc : XdpMode.Native);
            ulong unwrapped = program.ReadPackets()[GaleNodeOutcome.Unwrapped];
            if (isInTc) unwrapped.Should().BeInRange(Bytes / 65536, (Bytes / 1448) - 1);
            else unwrapped.Should().BeGreaterThan(Bytes / 1500);
        }
        finally
        {
            program.Dispose();
        }

        lab.Connect(vip, 1).Should().Equal("TimeoutError");
    }

    [TcLinkFact]
    public void Attach_InTc_StandsBesideOthers() => InNode(link =>
    {
        using Decapsulator first = Decapsulator.Attach(link, isInTc: true, []);
        using Decapsulator second = Decapsulator.Attach(link, isInTc: true, []);

        second.Mode.Should().Be(XdpMode.Tc);
        XdpAttachment.Query(link.Ifindex).Any.Should().BeFalse();
    });

    public static TheoryData<bool, bool> PlacesAndFamilies()
    {
        TheoryData<bool, bool> rows = [];
        foreach (bool isInTc in TcLinkFactAttribute.IsKnown ? (bool[])[false, true] : [false])
        {
            rows.Add(isInTc, false);
            rows.Add(isInTc, true);
        }

        return rows;
    }

    private static void InNode(Action<Link> code)
    {
        using NetworkNamespace node = new($"gdp-{Environment.ProcessId % 10000}-unwrap");
        node.Ip($"link add {Device} type veth peer name far");
        node.Do(() => code(FindDevice()));
    }

    private static Link FindDevice()
    {
        using NetlinkSocket socket = NetlinkSocket.Open();
        return NetworkSnapshot.Read(socket).Find(Device)!;
    }
}
