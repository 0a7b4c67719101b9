using System.Net;
using GaleLb.DataPlane.Decapsulation;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;
using GaleLb.DataPlane.Tests.Support;

namespace GaleLb.DataPlane.Tests.Decapsulation;

/// <summary>Against the kernel: a veth pair, one end in a namespace of the node.</summary>
public sealed class DecapsulatorTests
{
    private const string Device = "eth0";
    private static readonly IPAddress Own = IPAddress.Parse("10.77.0.11");
    private static readonly IPAddress Vip = IPAddress.Parse("203.0.113.10");

    [RootFact]
    public void Attach_ThenDispose_LeavesNoProgramBehind() => InNode(link =>
    {
        using (Decapsulator program = Decapsulator.Attach(link, []))
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
        using Decapsulator first = Decapsulator.Attach(link, []);

        ((Action)(() => Decapsulator.Attach(link, []))).Should().Throw<DataPlaneException>().WithMessage($"interface {Device} already has an XDP program*");

        XdpAttachment.Query(link.Ifindex).Any.Should().BeTrue();
    });

    private static void InNode(Action<Link> code)
    {
        using NetworkNamespace node = new($"gdp-{Environment.ProcessId % 10000}-unwrap");
        node.Ip($"link add {Device} type veth peer name far");
        node.Do(() =>
        {
            using NetlinkSocket socket = NetlinkSocket.Open();
            code(NetworkSnapshot.Read(socket).Find(Device)!);
        });
    }
}
