using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;
using static System.Buffers.Binary.BinaryPrimitives;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>Frames that must come out, built a second time from docs/packet-walk.md.</summary>
internal static class ExpectedFrame
{
    private const int QuotedTransport = 8;
    private const int FrameMin = 60;

    /// <summary>The same IP packet, and what follows it, behind the Ethernet header and tags that a hop wants.</summary>
    public static byte[] Via(in GaleNextHop hop, ReadOnlySpan<byte> packet, bool ipv4)
    {
        List<byte> link = [.. Mac(hop.DestinationMac), .. Mac(hop.SourceMac)];
        if (hop.VlanCount == 2) link.AddRange([0x88, 0xa8, 0, (byte)hop.VlanTci.Outer.Host]);
        if (hop.VlanCount > 0) link.AddRange([0x81, 0, 0, (byte)(hop.VlanCount == 2 ? hop.VlanTci.Inner : hop.VlanTci.Outer).Host]);
        link.AddRange(ipv4 ? [0x08, 0x00] : [0x86, 0xdd]);
        return [.. link, .. packet];
    }

    /// <summary>A reset for the sender of a segment; if <paramref name="padded"/>, no shorter than the least that a driver sends, as far as the segment's frame was.</summary>
    public static byte[] Reset(ReadOnlySpan<byte> about, in FrameView view, bool padded)
    {
        byte[] frame = Reply(about, view, 20, PacketBuilder.Tcp);
        Span<byte> tcp = frame.AsSpan(view.L3 + view.IpHeader);
        ReadOnlySpan<byte> segment = about[view.L4..];
        WriteUInt16BigEndian(tcp, view.Tuple.DestinationPort);
        WriteUInt16BigEndian(tcp[2..], view.Tuple.SourcePort);
        if ((view.TcpFlags & PacketBuilder.Ack) != 0)
        {
            segment.Slice(8, 4).CopyTo(tcp[4..]);
            tcp[13] = 0x04;
        }
        else
        {
            // RFC 9293, 3.10.7.1: what is acknowledged is the segment's end.
            int sequence = view.IpLength - (view.L4 - view.L3) - view.TcpHeader + ((view.TcpFlags >> 1) & 1) + (view.TcpFlags & 1);
            WriteUInt32BigEndian(tcp[8..], unchecked(ReadUInt32BigEndian(segment[4..]) + (uint)sequence));
            tcp[13] = 0x14;
        }

        tcp[12] = 0x50;
        FrameSums.MakeRight(frame);
        int length = padded ? Math.Max(frame.Length, Math.Min(FrameMin, about.Length)) : frame.Length;
        return [.. frame, .. new byte[length - frame.Length]];
    }

    /// <summary>An ICMP error for the sender of a packet, quoting its head.</summary>
    /// <param name="mtu">The size that fits, or 0 for port unreachable.</param>
    public static byte[] Error(ReadOnlySpan<byte> about, in FrameView view, uint mtu)
    {
        int quote = view.IpHeader + QuotedTransport;
        byte[] frame = Reply(about, view, 8 + quote, view.IsIpv4 ? FrameView.Icmp : FrameView.IcmpV6);
        Span<byte> icmp = frame.AsSpan(view.L3 + view.IpHeader);
        (icmp[0], icmp[1]) = (view.IsIpv4, mtu != 0) switch
        {
            (true, true) => ((byte)3, (byte)4),
            (true, false) => ((byte)3, (byte)3),
            (false, true) => ((byte)2, (byte)0),
            (false, false) => ((byte)1, (byte)4),
        };
        WriteUInt32BigEndian(icmp[4..], mtu);
        about.Slice(view.L3, quote).CopyTo(icmp[8..]);
        FrameSums.MakeRight(frame);
        return frame;
    }

    /// <summary>The answer to an echo request, its checksums left to be judged by <paramref name="actual"/>'s.</summary>
    public static byte[] Echo(ReadOnlySpan<byte> request, in FrameView view, ReadOnlySpan<byte> actual)
    {
        byte[] frame = [.. request];
        SwapMacs(frame);
        Span<byte> ip = frame.AsSpan(view.L3);
        ip[view.IsIpv4 ? 8 : 7] = 64;
        FiveTuple.Write(ip[(view.IsIpv4 ? 12 : 8)..], view.Tuple.Destination, view.IsIpv4);
        FiveTuple.Write(ip[(view.IsIpv4 ? 16 : 24)..], view.Tuple.Source, view.IsIpv4);
        frame[view.L4] = view.IsIpv4 ? (byte)0 : (byte)129;
        if (view.IsIpv4) Copy(actual, frame, view.L3 + 10);
        Copy(actual, frame, view.L4 + 2);
        return frame;
    }

    /// <summary>Two bytes, where both frames have them.</summary>
    public static void Copy(ReadOnlySpan<byte> from, Span<byte> to, int at)
    {
        if (at + 2 <= from.Length && at + 2 <= to.Length) from.Slice(at, 2).CopyTo(to[at..]);
    }

    private static byte[] Reply(ReadOnlySpan<byte> about, in FrameView view, int length, byte protocol)
    {
        byte[] frame = new byte[view.L3 + view.IpHeader + length];
        about[..view.L3].CopyTo(frame);
        SwapMacs(frame);
        Span<byte> ip = frame.AsSpan(view.L3);
        if (view.IsIpv4)
        {
            ip[0] = 0x45;
            WriteUInt16BigEndian(ip[2..], (ushort)(20 + length));
            (ip[6], ip[8], ip[9]) = (0x40, 64, protocol);
        }
        else
        {
            ip[0] = 0x60;
            WriteUInt16BigEndian(ip[4..], (ushort)length);
            (ip[6], ip[7]) = (protocol, 64);
        }

        FiveTuple.Write(ip[(view.IsIpv4 ? 12 : 8)..], view.Tuple.Destination, view.IsIpv4);
        FiveTuple.Write(ip[(view.IsIpv4 ? 16 : 24)..], view.Tuple.Source, view.IsIpv4);
        return frame;
    }

    private static void SwapMacs(Span<byte> frame)
    {
        Span<byte> mac = stackalloc byte[6];
        frame[..6].CopyTo(mac);
        frame[6..12].CopyTo(frame);
        mac.CopyTo(frame[6..]);
    }

    private static byte[] Mac(in MacAddress mac) => [mac.B0, mac.B1, mac.B2, mac.B3, mac.B4, mac.B5];
}
