using static System.Buffers.Binary.BinaryPrimitives;

namespace GaleLb.Bpf.Tests.Fuzz;

internal enum FragmentKind
{
    None,
    First,
    Later,
}

/// <summary>
/// Where a frame's headers are and what they say, by a reader that shares nothing with the packet programs. It reads as far as docs/packet-walk.md says
/// that they do: two VLAN tags, of IPv6's extension headers the fragment header alone.
/// </summary>
internal readonly record struct FrameView
{
    public const byte Icmp = 1;
    public const byte IcmpV6 = 58;
    private const int TagsMax = 2;
    private const byte FragmentHeader = 44;

    public bool IsIpv4 { get; private init; }

    /// <summary>Offsets of the IP header and of what follows it.</summary>
    public int L3 { get; private init; }

    public int L4 { get; private init; }

    /// <summary>Of the whole IP packet, as its header says.</summary>
    public int IpLength { get; private init; }

    public byte Ttl { get; private init; }

    public byte TrafficClass { get; private init; }

    public FragmentKind Fragment { get; private init; }

    public uint FragmentId { get; private init; }

    public bool DontFragment { get; private init; }

    /// <summary>IPv4 options, or a fragment header.</summary>
    public bool HasOptions { get; private init; }

    /// <summary>Ports are 0 until <see cref="TryReadPorts"/>.</summary>
    public FiveTuple Tuple { get; private init; }

    public byte TcpFlags { get; private init; }

    /// <summary>Bytes of the TCP header with its options; for UDP 20, as if there were none.</summary>
    public int TcpHeader { get; private init; }

    public byte Protocol => Tuple.Protocol;

    public bool IsTransport => Protocol is Support.PacketBuilder.Tcp or Support.PacketBuilder.Udp;

    public bool IsIcmp => Protocol == (IsIpv4 ? Icmp : IcmpV6);

    public int IpHeader => IsIpv4 ? 20 : 40;

    /// <summary>Where the IP packet ends, or the frame if that is cut short.</summary>
    public int End(int frameLength) => Math.Min(frameLength, L3 + IpLength);

    /// <exception cref="InvariantException">It cannot be read.</exception>
    public static FrameView Parse(ReadOnlySpan<byte> frame) =>
        TryParse(frame, out FrameView view) ? view : throw new InvariantException("an IP packet", Convert.ToHexStringLower(frame));

    public static bool TryParse(ReadOnlySpan<byte> frame, out FrameView view)
    {
        view = default;
        int at = 14;
        if (frame.Length < at) return false;
        ushort ethertype = ReadUInt16BigEndian(frame[12..]);
        for (int tag = 0; tag < TagsMax && ethertype is 0x8100 or 0x88a8; tag++, at += 4)
        {
            if (frame.Length < at + 4) return false;
            ethertype = ReadUInt16BigEndian(frame[(at + 2)..]);
        }

        return ethertype switch
        {
            0x0800 => TryParseIpv4(frame, at, out view),
            0x86dd => TryParseIpv6(frame, at, out view),
            _ => false,
        };
    }

    /// <summary>Ports, and a TCP header's flags and length. False when the frame ends before.</summary>
    public bool TryReadPorts(ReadOnlySpan<byte> frame, out FrameView view)
    {
        view = this;
        bool tcp = Protocol == Support.PacketBuilder.Tcp;
        if (frame.Length < L4 + (tcp ? 20 : 8)) return false;
        view = WithPorts(ReadUInt16BigEndian(frame[L4..]), ReadUInt16BigEndian(frame[(L4 + 2)..])) with
        {
            TcpFlags = tcp ? frame[L4 + 13] : (byte)0,
            TcpHeader = tcp ? (frame[L4 + 12] >> 4) * 4 : 20,
        };
        return true;
    }

    public FrameView WithPorts(ushort source, ushort destination) =>
        this with { Tuple = Tuple with { SourcePort = source, DestinationPort = destination }, TcpHeader = 20 };

    /// <summary>
    /// The packet that an ICMP error quotes, as one of the side that the error came to would be; it has to lie within the error's own IP packet.
    /// <paramref name="quoteL4"/> is where its ports are.
    /// </summary>
    public bool TryReadQuote(ReadOnlySpan<byte> frame, out FiveTuple turned, out int quoteL4)
    {
        turned = default;
        quoteL4 = 0;
        int at = L4 + 8, end = End(frame.Length);
        if (end < at + IpHeader) return false;
        ReadOnlySpan<byte> ip = frame[at..end];
        if (ip[0] >> 4 != (IsIpv4 ? 4 : 6)) return false;
        int header = IsIpv4 ? (ip[0] & 15) * 4 : 40;
        byte protocol = IsIpv4 ? ip[9] : ip[6];
        if (IsIpv4 && (header < 20 || (ReadUInt16BigEndian(ip[6..]) & 0x1fff) != 0)) return false;
        if (protocol is not (Support.PacketBuilder.Tcp or Support.PacketBuilder.Udp) || ip.Length < header + 8) return false;
        quoteL4 = at + header;
        int addresses = IsIpv4 ? 12 : 8, size = IsIpv4 ? 4 : 16;
        turned = new FiveTuple(
            FiveTuple.Read(ip[(addresses + size)..], IsIpv4), ReadUInt16BigEndian(ip[(header + 2)..]),
            FiveTuple.Read(ip[addresses..], IsIpv4), ReadUInt16BigEndian(ip[header..]), protocol);
        return true;
    }

    private static bool TryParseIpv4(ReadOnlySpan<byte> frame, int at, out FrameView view)
    {
        view = default;
        if (frame.Length < at + 20) return false;
        ReadOnlySpan<byte> ip = frame[at..];
        int header = (ip[0] & 15) * 4, length = ReadUInt16BigEndian(ip[2..]);
        if (ip[0] >> 4 != 4 || header < 20 || length < header) return false;
        ushort fragment = ReadUInt16BigEndian(ip[6..]);
        view = new FrameView
        {
            IsIpv4 = true,
            L3 = at,
            L4 = at + header,
            IpLength = length,
            Ttl = ip[8],
            TrafficClass = ip[1],
            Fragment = (fragment & 0x1fff) != 0 ? FragmentKind.Later : (fragment & 0x2000) != 0 ? FragmentKind.First : FragmentKind.None,
            FragmentId = ReadUInt16BigEndian(ip[4..]),
            DontFragment = (fragment & 0x4000) != 0,
            HasOptions = header > 20,
            Tuple = new FiveTuple(FiveTuple.Read(ip[12..], true), 0, FiveTuple.Read(ip[16..], true), 0, ip[9]),
        };
        return true;
    }

    private static bool TryParseIpv6(ReadOnlySpan<byte> frame, int at, out FrameView view)
    {
        view = default;
        if (frame.Length < at + 40 || frame[at] >> 4 != 6) return false;
        ReadOnlySpan<byte> ip = frame[at..];
        view = new FrameView
        {
            L3 = at,
            L4 = at + 40,
            IpLength = 40 + ReadUInt16BigEndian(ip[4..]),
            Ttl = ip[7],
            TrafficClass = (byte)(ReadUInt16BigEndian(ip) >> 4),
            Tuple = new FiveTuple(FiveTuple.Read(ip[8..], false), 0, FiveTuple.Read(ip[24..], false), 0, ip[6]),
        };
        if (ip[6] != FragmentHeader) return true;
        if (ip.Length < 48) return false;
        ushort offset = ReadUInt16BigEndian(ip[42..]);
        view = view with
        {
            L4 = at + 48,
            HasOptions = true,
            FragmentId = ReadUInt32BigEndian(ip[44..]),
            Tuple = view.Tuple with { Protocol = ip[40] },
            Fragment = (offset & 0xfff8) != 0 ? FragmentKind.Later : (offset & 1) != 0 ? FragmentKind.First : FragmentKind.None,
        };
        return true;
    }
}
