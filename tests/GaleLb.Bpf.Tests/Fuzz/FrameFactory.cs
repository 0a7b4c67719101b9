using System.Net;
using GaleLb.Bpf.Tests.Support;
using static System.Buffers.Binary.BinaryPrimitives;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>Well-formed frames to begin with, drawn at random.</summary>
internal sealed class FrameFactory(Random random)
{
    private const int Ethernet = 14;
    private const int PayloadMax = 400;
    private const int FrameMax = 1514;

    /// <summary>A new client; so many that none comes twice in a session.</summary>
    public UInt128 Client(bool ipv4) => ipv4
        ? FiveTuple.Number(new IPAddress([198, 18, (byte)random.Next(256), (byte)random.Next(1, 255)]))
        : FiveTuple.Number(IPAddress.Parse($"2001:db8:c::{random.Next(1, 0xffff):x}:{random.Next(1, 0xffff):x}"));

    public FiveTuple NewTuple(bool ipv4, byte protocol, ushort port) => new(
        Client(ipv4), (ushort)random.Next(1024, 65_536), FuzzWorld.Vips[ipv4 ? 0 : 1], port, protocol);

    /// <summary>A segment or datagram with a payload that fits every hop.</summary>
    public byte[] Transport(in FiveTuple tuple, byte flags = PacketBuilder.Ack) => Transport(tuple, flags, random.Next(PayloadMax));

    /// <summary>The same with a SYN's options.</summary>
    public byte[] Opening(in FiveTuple tuple, byte flags)
    {
        byte[] frame = Transport(tuple, flags, 0);
        if (tuple.Protocol != PacketBuilder.Tcp) return frame;
        byte[] options = random.Next(3) switch
        {
            0 => [2, 4, (byte)random.Next(1, 40), (byte)random.Next(256)],
            1 => [1, 2, 4, (byte)random.Next(1, 40), (byte)random.Next(256), 1, 3, 3, 7, 0, 0, 0],
            _ => [],
        };
        byte[] with = [.. frame, .. options];
        FrameView view = FrameView.Parse(with);
        with[view.L4 + 12] = (byte)((5 + (options.Length / 4)) << 4);
        SetIpLength(with, view, view.IpLength + options.Length);
        FrameSums.MakeRight(with);
        return with;
    }

    /// <summary>A datagram in two fragments.</summary>
    public (byte[] First, byte[] Later) Fragments(in FiveTuple tuple)
    {
        byte[] whole = Transport(tuple, 0, random.Next(24, PayloadMax));
        FrameView view = FrameView.Parse(whole);
        int cut = 8 * random.Next(1, (whole.Length - view.L4) / 8);
        uint id = (uint)random.Next();
        return (Fragment(whole, view, view.L4, cut, id, more: true), Fragment(whole, view, view.L4 + cut, whole.Length - view.L4 - cut, id, more: false));
    }

    /// <summary>An error of a router or of the receiver about a frame that went by, quoting its head or all of it.</summary>
    public byte[] Error(ReadOnlySpan<byte> about, UInt128 from)
    {
        if (!FrameView.TryParse(about, out FrameView view)) return [.. about];
        bool ipv4 = view.IsIpv4;
        int quoteMin = view.L4 + 8 - view.L3;
        ReadOnlySpan<byte> whole = about[view.L3..view.End(about.Length)];
        int quoteLength = random.Next(2) == 0 ? quoteMin : random.Next(quoteMin, Math.Max(quoteMin + 1, Math.Min(whole.Length, 500)));
        ReadOnlySpan<byte> quote = whole[..Math.Min(quoteLength, whole.Length)];
        byte[] frame = new byte[Ethernet + view.IpHeader + 8 + quote.Length];
        about[..12].CopyTo(frame);
        WriteUInt16BigEndian(frame.AsSpan(12), ipv4 ? (ushort)0x0800 : (ushort)0x86dd);
        Span<byte> icmp = frame.AsSpan(Ethernet + view.IpHeader);
        (icmp[0], icmp[1]) = ipv4
            ? ((byte)random.GetItems<int>([3, 3, 11, 12], 1)[0], (byte)random.Next(5))
            : ((byte)random.Next(1, 5), (byte)random.Next(5));
        WriteUInt32BigEndian(icmp[4..], 1280);
        quote.CopyTo(icmp[8..]);
        WriteIp(frame, ipv4, from, view.Tuple.Source, ipv4 ? FrameView.Icmp : FrameView.IcmpV6);
        FrameSums.MakeRight(frame);
        return frame;
    }

    public byte[] Echo(bool ipv4, UInt128 destination)
    {
        byte[] frame = new byte[Ethernet + (ipv4 ? 20 : 40) + 8 + random.Next(PayloadMax)];
        random.NextBytes(frame);
        WriteLink(frame, ipv4);
        int at = Ethernet + (ipv4 ? 20 : 40);
        (frame[at], frame[at + 1]) = (ipv4 ? (byte)8 : (byte)128, 0);
        WriteIp(frame, ipv4, Client(ipv4), destination, ipv4 ? FrameView.Icmp : FrameView.IcmpV6);
        FrameSums.MakeRight(frame);
        return frame;
    }

    /// <summary>Anything that is addressed to or from whom the session knows; now and then too big for a hop.</summary>
    public byte[] Any()
    {
        bool ipv4 = random.Next(2) == 0;
        UInt128 vip = FuzzWorld.Vips[ipv4 ? 0 : 1];
        if (random.Next(8) == 0) return Echo(ipv4, random.Next(4) == 0 ? FuzzWorld.Sources[ipv4 ? 0 : 1] : vip);
        ushort port = random.Next(12) == 0 ? (ushort)random.Next(65_536) : random.GetItems(FuzzWorld.Ports, 1)[0];
        FiveTuple tuple = NewTuple(ipv4, random.Next(2) == 0 ? PacketBuilder.Tcp : PacketBuilder.Udp, port);
        if (random.Next(10) == 0) tuple = tuple with { Destination = Client(ipv4) };
        byte flags = random.Next(3) == 0 ? (byte)random.Next(256) : PacketBuilder.Syn;
        byte[] frame = random.Next(6) == 0 ? Transport(tuple, flags, random.Next(FrameMax)) : random.Next(3) == 0 ? Opening(tuple, flags) : Transport(tuple, flags);
        return random.Next(8) == 0 ? Error(Transport(tuple.Turned), Client(ipv4)) : frame;
    }

    private byte[] Transport(in FiveTuple tuple, byte flags, int payloadLength)
    {
        byte[] payload = new byte[payloadLength];
        random.NextBytes(payload);
        byte[] frame = PacketBuilder.Build(
            new IPEndPoint(FiveTuple.Address(tuple.Source), tuple.SourcePort), new IPEndPoint(FiveTuple.Address(tuple.Destination), tuple.DestinationPort),
            tuple.Protocol, flags, payload, (byte)random.Next(2, 256), (uint)random.Next());
        if (FiveTuple.IsIpv4(tuple.Source) && random.Next(2) == 0)
        {
            frame[Ethernet + 6] = 0x40;
            FrameSums.MakeRight(frame);
        }

        if (tuple.Protocol == PacketBuilder.Udp && random.Next(4) == 0) frame.AsSpan(Ethernet + (FiveTuple.IsIpv4(tuple.Source) ? 20 : 40) + 6, 2).Clear();
        return frame;
    }

    private static byte[] Fragment(byte[] whole, in FrameView view, int from, int length, uint id, bool more)
    {
        ushort offset = (ushort)(from - view.L4);
        byte[] header = [];
        if (!view.IsIpv4)
        {
            header = [view.Protocol, 0, 0, 0, 0, 0, 0, 0];
            WriteUInt16BigEndian(header.AsSpan(2), (ushort)(offset | (more ? 1 : 0)));
            WriteUInt32BigEndian(header.AsSpan(4), id);
        }

        byte[] frame = [.. whole.AsSpan(0, view.L4), .. header, .. whole.AsSpan(from, length)];
        SetIpLength(frame, view, frame.Length - view.L3);
        if (view.IsIpv4)
        {
            WriteUInt16BigEndian(frame.AsSpan(view.L3 + 4), (ushort)id);
            WriteUInt16BigEndian(frame.AsSpan(view.L3 + 6), (ushort)((offset / 8) | (more ? 0x2000 : 0)));
            FrameSums.MakeRight(frame);
        }
        else
        {
            frame[view.L3 + 6] = 44;
        }

        return frame;
    }

    private static void SetIpLength(Span<byte> frame, in FrameView view, int length) => WriteUInt16BigEndian(
        frame[(view.L3 + (view.IsIpv4 ? 2 : 4))..], (ushort)(view.IsIpv4 ? length : length - 40));

    private static void WriteLink(Span<byte> frame, bool ipv4)
    {
        Convert.FromHexString("0200000000f10200000000c1").CopyTo(frame);
        WriteUInt16BigEndian(frame[12..], ipv4 ? (ushort)0x0800 : (ushort)0x86dd);
    }

    private void WriteIp(Span<byte> frame, bool ipv4, UInt128 source, UInt128 destination, byte protocol)
    {
        Span<byte> ip = frame[Ethernet..];
        ip[..(ipv4 ? 20 : 40)].Clear();
        if (ipv4)
        {
            ip[0] = 0x45;
            WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
            (ip[8], ip[9]) = ((byte)random.Next(2, 256), protocol);
        }
        else
        {
            ip[0] = 0x60;
            WriteUInt16BigEndian(ip[4..], (ushort)(ip.Length - 40));
            (ip[6], ip[7]) = (protocol, (byte)random.Next(2, 256));
        }

        FiveTuple.Write(ip[(ipv4 ? 12 : 8)..], source, ipv4);
        FiveTuple.Write(ip[(ipv4 ? 16 : 24)..], destination, ipv4);
    }
}
