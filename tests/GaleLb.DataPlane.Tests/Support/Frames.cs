using System.Diagnostics;

namespace GaleLb.DataPlane.Tests.Support;

/// <summary>Frames that no socket of a stack would send, from the client to the load balancer's public interface, and what comes to an interface.</summary>
internal static class Frames
{
    /// <summary>
    /// What scripts of senders begin with: <c>source</c> and <c>destination</c>, the addresses; <c>check(data)</c>, the Internet checksum of an even
    /// number of bytes; <c>ip(protocol, length)</c>, an IP header for so many bytes behind it; <c>out</c>, a packet socket; <c>ends</c>, both MACs.
    /// The first argument is the MAC of the load balancer.
    /// </summary>
    private const string Prelude = """
        import socket, struct, sys
        def check(data):
            total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
            while total >> 16: total = (total & 0xffff) + (total >> 16)
            return ~total & 0xffff
        source, destination = socket.inet_aton("10.71.0.2"), socket.inet_aton("10.71.0.1")
        def ip(protocol, length):
            header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 1, 0x4000, 64, protocol, 0) + source + destination
            return header[:10] + struct.pack("!H", check(header)) + header[12:]
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); out.bind(("eth0", 0))
        ends = bytes.fromhex(sys.argv[1].replace(":", "")) + out.getsockname()[4]

        """;

    /// <summary>Prints the outermost tag, or 0, and the TCP flags or ICMP type of the first packet that is of an IP protocol and from an address.</summary>
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

    private const string TaggedSender = Prelude + """
        if sys.argv[2] == "6":
            body = struct.pack("!HHIIBBHHH", 40000, 8080, 7, 0, 0x50, 2, 1000, 0, 0)
            body = body[:16] + struct.pack("!H", check(source + destination + struct.pack("!HH", 6, len(body)) + body)) + body[18:]
        else:
            body = struct.pack("!BBHHH8s", 8, 0, 0, 1, 1, b"tagged !")
            body = body[:2] + struct.pack("!H", check(body)) + body[4:]
        out.send(ends + struct.pack("!HHH", 0x8100, int(sys.argv[3]), 0x0800) + ip(int(sys.argv[2]), len(body)) + body)
        """;

    private const string MergedSender = Prelude + """
        length, segment = int(sys.argv[2]), int(sys.argv[3])
        half = ~check(source + destination + struct.pack("!HH", 6, length - 20)) & 0xffff
        tcp = struct.pack("!HHIIBBHHH", 40000, 8080, 7, 7, 0x50, 0x10, 1000, half, 0)
        out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        out.setsockopt(263, 15, 1) # PACKET_VNET_HDR: to be checksummed at 34 + 16, and cut into segments
        out.send(struct.pack("<BBHHHH", 1, 1, 54, segment, 34, 16) + ends + b"\x08\x00" + ip(6, length - 20) + tcp + bytes(length - 40))
        """;

    /// <summary>Sends a TCP SYN (protocol 6) or an echo request (1) with a VLAN tag.</summary>
    public static void SendTagged(Lab lab, byte protocol, ushort tag) => Send(lab, TaggedSender, protocol, tag);

    /// <summary>
    /// Sends an ACK as one IP packet of so many bytes that is to be cut into segments of so many, as a local sender's TCP hands them to a veth.
    /// </summary>
    public static void SendMerged(Lab lab, int length, int segment) => Send(lab, MergedSender, length, segment);

    /// <summary>Prints one line for the first packet of an IP protocol that comes from an address: the outermost tag, or 0, and the TCP flags or ICMP type.</summary>
    public static Process Listen(NetworkNamespace at, byte protocol, string from) => at.Start("python3", "-c", Listener, $"{protocol}", from);

    private static void Send(Lab lab, string script, int first, int second)
    {
        string mac = lab.Balancer.Run("ip", "-br", "link", "show", "pub0").Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
        lab.Client.Run("python3", "-c", script, mac, $"{first}", $"{second}");
    }
}
