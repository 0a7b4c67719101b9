using GaleLb.Bpf.Tests.Support;
using static System.Buffers.Binary.BinaryPrimitives;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>
/// Ones-complement sums over what a checksum covers, its own field included. A rewrite that updates the field by what it changed leaves such a sum as it
/// was, also where it was wrong before; of a right one it is 0xffff.
/// </summary>
internal static class FrameSums
{
    /// <summary>The sum, with the two zeros of ones complement told as one.</summary>
    public static ushort Of(ReadOnlySpan<byte> bytes, ulong more = 0)
    {
        ulong sum = more;
        int at = 0;
        for (; at + 1 < bytes.Length; at += 2) sum += ReadUInt16BigEndian(bytes[at..]);
        if (at < bytes.Length) sum += (ulong)bytes[at] << 8;
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        return sum == 0 ? (ushort)0xffff : (ushort)sum;
    }

    /// <summary>Of an IPv4 header as far as the frame has it.</summary>
    public static ushort IpHeader(ReadOnlySpan<byte> frame, int at) =>
        Of(frame.Slice(at, Math.Min((frame[at] & 15) * 4, frame.Length - at)));

    /// <summary>Of what a TCP, UDP or ICMPv6 checksum covers, or an ICMP one, as far as the packet has it.</summary>
    public static ushort Transport(ReadOnlySpan<byte> frame, in FrameView view)
    {
        int end = view.End(frame.Length);
        if (end <= view.L4) return 0xffff;
        ReadOnlySpan<byte> content = frame[view.L4..end];
        if (view.Protocol == FrameView.Icmp) return Of(content);
        ReadOnlySpan<byte> addresses = view.IsIpv4 ? frame.Slice(view.L3 + 12, 8) : frame.Slice(view.L3 + 8, 32);
        return Of(content, (ulong)Of(addresses) + view.Protocol + (uint)content.Length);
    }

    /// <summary>Where the transport checksum is.</summary>
    public static int Field(in FrameView view) => view.L4 + view.Protocol switch
    {
        PacketBuilder.Tcp => 16,
        PacketBuilder.Udp => 6,
        _ => 2,
    };

    /// <summary>Makes the checksums right that a frame has.</summary>
    public static void MakeRight(Span<byte> frame)
    {
        if (!FrameView.TryParse(frame, out FrameView view)) return;
        if (view.IsIpv4 && view.L4 <= frame.Length)
        {
            WriteUInt16BigEndian(frame[(view.L3 + 10)..], 0);
            WriteUInt16BigEndian(frame[(view.L3 + 10)..], Checksum.Of(frame[view.L3..view.L4]));
        }

        int field = Field(view);
        if (view.Fragment != FragmentKind.None || !(view.IsTransport || view.IsIcmp) || field + 2 > view.End(frame.Length)) return;
        WriteUInt16BigEndian(frame[field..], 0);
        ushort sum = (ushort)~Transport(frame, view);
        WriteUInt16BigEndian(frame[field..], view.Protocol == PacketBuilder.Udp && sum == 0 ? (ushort)0xffff : sum);
    }
}
