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

    /// <summary>Prints the outermost tag, or 0, and the frame of the first packet that is of an IP protocol and longer than the given number of bytes.</summary>
    private const string Listener = """
        import socket, struct, sys
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind(("eth0", 0)); s.setsockopt(263, 8, 1); s.settimeout(10)
        print("listening", flush=True)
        while True:
            frame, beside, _, _ = s.recvmsg(2048, 128)
            status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", beside[0][2])
            at = 12
            if not status & 16: tci = 0
            if frame[12:14] in (b"\x81\x00", b"\x88\xa8"): tci, at = struct.unpack("!H", frame[14:16])[0], 16
            if frame[at:at + 2] != b"\x08\x00": continue
            ip = frame[at + 2:]
            if ip[9] == int(sys.argv[1]) and socket.inet_ntoa(ip[12:16]) == sys.argv[2]: break
        print(tci, ip[20 + (13 if ip[9] == 6 else 0)], flush=True)
        """;

    /// <summary>Sends a TCP SYN or an echo request to 10.71.0.1 with a tag.</summary>
    private const string Sender = """
        import socket, struct, sys
        def check(data):
            total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
            while total >> 16: total = (total & 0xffff) + (total >> 16)
            return struct.pack("!H", ~total & 0xffff)
        source, destination = socket.inet_aton("10.71.0.2"), socket.inet_aton("10.71.0.1")
        if sys.argv[1] == "6":
            body = struct.pack("!HHIIBBHHH", 40000, 8080, 7, 0, 0x50, 2, 1000, 0, 0)
            body = body[:16] + check(source + destination + struct.pack("!HH", 6, len(body)) + body) + body[18:]
        else:
            body = struct.pack("!BBHHH8s", 8, 0, 0, 1, 1, b"tagged !")
            body = body[:2] + check(body) + body[4:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, int(sys.argv[1]), 0) + source + destination
        ip = ip[:10] + check(ip) + ip[12:]
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0))
        s.send(bytes.fromhex(sys.argv[3].replace(":", "")) + s.getsockname()[4] + struct.pack("!HHH", 0x8100, int(sys.argv[2]), 0x0800) + ip + body)
        """;

    [RootTheory]
    [InlineData(XdpMode.Native)]
    [InlineData(XdpMode.Generic)]
    [InlineData(XdpMode.Tc)]
    public void Tag_OfAClientsPacket_DoesNotTravelToTheNode(XdpMode mode)
    {
        using Lab lab = new();
        lab.StartServers();
        using KernelDataPlane plane = Start(lab, mode);
        Process node = lab.Nodes[0].Start("python3", "-c", Listener, "6", "10.72.0.1");
        Process client = lab.Client.Start("python3", "-c", Listener, "6", "10.71.0.1");

        Send(lab, protocol: 6, ClientsTag);

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
        Process client = lab.Client.Start("python3", "-c", Listener, "1", "10.71.0.1");

        Send(lab, protocol: 1, ClientsTag);

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
        Process node = lab.Nodes[0].Start("python3", "-c", Listener, "6", "10.72.0.1");

        Send(lab, protocol: 6, ClientsTag);

        node.StandardOutput.ReadLine().Should().Be($"{(count == 1 ? NodesTag : NodesTag + 1)} 2");
    }

    private static void Send(Lab lab, byte protocol, ushort tag) => lab.Client.Run(
        "python3", "-c", Sender, $"{protocol}", $"{tag}", lab.Balancer.Run("ip", "-br", "link", "show", "pub0").Split(' ', StringSplitOptions.RemoveEmptyEntries)[2]);

    private static KernelDataPlane Start(Lab lab, XdpMode mode)
    {
        KernelDataPlane plane = lab.StartDataPlane(lab.Options(mode));
        lab.Balancer.Do(() => plane.Apply(Tables.Of(
            1, [Tables.Service(0, Lab.VipOne, Lab.ServicePort, 0)], [Tables.Ring(0, 0)], [Tables.Node(0, Lab.NodeOne)])));
        Wait.Until(() => lab.Balancer.Do(() => plane.Status).NextHops.All(h => h.Resolved), "the node resolved");
        return plane;
    }
}
