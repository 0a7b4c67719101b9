using System.Diagnostics;
using GaleLb.DataPlane.Kernel;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Tests.Support;

namespace GaleLb.DataPlane.Tests.Kernel;

/// <summary>
/// Tags on real frames. In TC the outermost one lies beside the frame, where test-run neither puts nor shows it.
/// </summary>
[Collection(KernelCollection.Name)]
public sealed class VlanTests
{
    private const ushort ClientsTag = 100;
    private const ushort NodesTag = 200;

    [RootTheory]
    [InlineData(XdpMode.Native)]
    [InlineData(XdpMode.Generic)]
    [InlineData(XdpMode.Tc)]
    public void Tag_OfAClientsPacket_DoesNotTravelToTheNode(XdpMode mode)
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, mode);
        Process node = Frames.Listen(lab.Nodes[0], protocol: 6, "10.72.0.1");
        Process client = Frames.Listen(lab.Client, protocol: 6, "10.71.0.1");

        Frames.SendTagged(lab, protocol: 6, ClientsTag);

        node.StandardOutput.ReadLine().Should().Be("0 2", "the SYN comes without a tag");
        client.StandardOutput.ReadLine().Should().Be("0 18", "the node's SYN/ACK comes back as the kernel routes it");
    }

    [RootTheory]
    [InlineData(XdpMode.Native)]
    [InlineData(XdpMode.Generic)]
    [InlineData(XdpMode.Tc)]
    public void Tag_OfAnEchoRequest_IsThatOfItsReply(XdpMode mode)
    {
        using Lab lab = new();
        using KernelDataPlane plane = Start(lab, mode);
        Process client = Frames.Listen(lab.Client, protocol: 1, "10.71.0.1");

        Frames.SendTagged(lab, protocol: 1, ClientsTag);

        client.StandardOutput.ReadLine().Should().Be($"{ClientsTag} 0");
    }

    [RootTheory]
    [InlineData(XdpMode.Native, 1)]
    [InlineData(XdpMode.Tc, 1)]
    [InlineData(XdpMode.Native, 2)]
    [InlineData(XdpMode.Tc, 2)]
    public void Tags_OfTheNodesHop_ComeInPlaceOfTheClients(XdpMode mode, byte count)
    {
        using Lab lab = new();
        using KernelDataPlane plane = Start(lab, mode);
        using (BpfMap hops = BpfMap.OpenPinned($"{lab.PinDirectory}/next_hops"))
        {
            hops.TryLookUp(0u, out GaleNextHop hop).Should().BeTrue();
            hops.Update(0u, hop with { VlanCount = count, VlanTci = new VlanTags2(new Be16(NodesTag), new Be16(NodesTag + 1)) });
        }

        // With two tags the inner one is read, behind the outer that the kernel has put beside the frame.
        Process node = Frames.Listen(lab.Nodes[0], protocol: 6, "10.72.0.1");

        Frames.SendTagged(lab, protocol: 6, ClientsTag);

        node.StandardOutput.ReadLine().Should().Be($"{(count == 1 ? NodesTag : NodesTag + 1)} 2");
    }

    private static KernelDataPlane Start(Lab lab, XdpMode mode)
    {
        KernelDataPlane plane = lab.StartDataPlane(lab.Options(mode));
        lab.Balancer.Do(() => plane.Apply(Tables.Of(
            1, [Tables.Service(0, Lab.VipOne, Lab.ServicePort, 0)], [Tables.Ring(0, 0)], [Tables.Node(0, Lab.NodeOne)])));
        Wait.Until(() => lab.Balancer.Do(() => plane.Status).NextHops.All(h => h.Resolved), "the node resolved");
        return plane;
    }
}
