using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;
using static System.Buffers.Binary.BinaryPrimitives;
using static GaleLb.Bpf.Tests.Fuzz.InvariantException;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>What a flow's packets become towards its node: the source they get, and the node.</summary>
internal readonly record struct Translation(UInt128 Source, ushort SourcePort, UInt128 Node, ushort NodePort);

/// <summary>
/// Judges what a program made of a packet against the rules of docs/packet-walk.md, for one session. It knows the maps' content and what came out before,
/// and nothing of how the programs work.
/// </summary>
internal sealed partial class PacketJudge(FuzzWorld world)
{
    /// <summary>The rule that what must arrive does; said of one packet after others, not of any part of it.</summary>
    public const string Arrives = "a plain packet arrives";

    private const byte SynFlag = PacketBuilder.Syn;
    private const byte RstFlag = 0x04;

    private readonly Dictionary<FiveTuple, Translation> forward = [];
    private readonly Dictionary<FiveTuple, FiveTuple> clientOf = [];
    private readonly HashSet<FiveTuple> unseen = [];
    private readonly HashSet<FiveTuple> openedUnseen = [];
    private readonly Dictionary<(UInt128 Source, UInt128 Destination, uint Id, byte Protocol), (ushort Source, ushort Destination, uint? NewId)> fragments = [];

    private int segmentSize;

    /// <summary>The flow's translation, if it was seen.</summary>
    public Translation? Find(in FiveTuple client) => forward.TryGetValue(client, out Translation found) ? found : null;

    /// <summary>Judges one run.</summary>
    /// <param name="must">The packet is well-formed and of a live flow or a new one: it has to arrive.</param>
    /// <param name="segmentSize">Bytes of payload of each of the segments that were merged into the packet, or 0.</param>
    /// <exception cref="InvariantException">A rule is broken.</exception>
    public FuzzOutcome Judge(string program, uint verdict, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, bool must, int segmentSize = 0)
    {
        string name = Verdict.Name(program, verdict);
        FuzzOutcome outcome = name switch
        {
            Verdict.Pass or "ok" => FuzzOutcome.Passed,
            "drop" or "shot" => FuzzOutcome.Dropped,
            Verdict.Redirect => FuzzOutcome.ForwardedL4,
            _ => throw new InvariantException("verdict", name),
        };
        if (outcome == FuzzOutcome.Passed) CheckSame(after, before, "passed means untouched");
        this.segmentSize = segmentSize;
        bool isPublic = program.Contains("_xdp_", StringComparison.Ordinal);
        FuzzOutcome judged = isPublic ? JudgePublic(outcome, before, after) : JudgePrivate(outcome, before, after);
        Check(
            !must || judged is FuzzOutcome.ForwardedL4 or FuzzOutcome.ForwardedL3 or FuzzOutcome.ForwardedL2 or FuzzOutcome.ReturnedL4,
            Arrives, $"{judged}");
        return judged;
    }

    /// <summary>Whose flow a node's packet belongs to. Without source NAT the client shows, also where its own packets were only answered here.</summary>
    private bool TryFindClient(FiveTuple answer, out FiveTuple client)
    {
        if (clientOf.TryGetValue(answer, out client)) return true;
        if (world.SourceNat) return false;
        client = unseen.FirstOrDefault(t => (t.Source, t.SourcePort, t.Protocol) == (answer.Destination, answer.DestinationPort, answer.Protocol));
        return client != default;
    }

    /// <summary>What fits a network or not is what leaves: one segment, where several were merged.</summary>
    private int Leaving(in FrameView view) =>
        segmentSize == 0 ? view.IpLength : view.L4 - view.L3 + (view.Protocol == PacketBuilder.Tcp ? view.TcpHeader : 8) + segmentSize;

    private static void CheckNotOurs(FuzzOutcome outcome, string why) => Check(outcome == FuzzOutcome.Passed, "not ours means passed", $"{outcome}, but {why}");

    /// <summary>Whether lengths contradict each other or the frame.</summary>
    private static bool IsMalformed(in FrameView view, int frameLength) =>
        view.IpLength > frameLength - view.L3 || view.TcpHeader < 20
        || view.IpLength < view.L4 - view.L3 + (view.Fragment == FragmentKind.Later ? 0 : view.Protocol == PacketBuilder.Tcp ? view.TcpHeader : 8);

    /// <summary>
    /// A translated packet against what it was: addresses, ports, TTL, a fragment's id, a clamped MSS; nothing else, and every checksum as right or wrong as
    /// it was. <paramref name="expected"/> is the frame as it came, behind the link header that it must leave with; both have their IP header at
    /// <paramref name="l3"/>.
    /// </summary>
    private static void CheckTranslated(
        ReadOnlySpan<byte> before, in FrameView view, byte[] expected, ReadOnlySpan<byte> after, int l3, in FiveTuple tuple, uint segmentMax)
    {
        int moved = l3 - view.L3;
        Span<byte> ip = expected.AsSpan(l3);
        WriteHeader(ip, view, tuple);
        if (view.Fragment != FragmentKind.None) WriteFragmentId(ip, view, FragmentIdOf(after[l3..], view));
        if (view.IsIpv4) ExpectedFrame.Copy(after, expected, l3 + 10);
        int l4 = view.L4 + moved;
        if (view.Fragment != FragmentKind.Later)
        {
            WriteUInt16BigEndian(expected.AsSpan(l4), tuple.SourcePort);
            WriteUInt16BigEndian(expected.AsSpan(l4 + 2), tuple.DestinationPort);
            ExpectedFrame.Copy(after, expected, FrameSums.Field(view) + moved);
            if (segmentMax != 0 && view.Protocol == PacketBuilder.Tcp && (view.TcpFlags & SynFlag) != 0) AllowClampedMss(expected, after, l4, view.TcpHeader, segmentMax);
        }

        CheckSame(after, expected, "a translated packet keeps all but addresses, ports and TTL");
        if (view.IsIpv4) Check(FrameSums.IpHeader(after, l3) == FrameSums.IpHeader(before, view.L3), "IP checksum", "the header's sum changed");
        if (view.Fragment == FragmentKind.Later) return;
        FrameView now = FrameView.Parse(after);
        int field = FrameSums.Field(view);
        bool without = view.Protocol == PacketBuilder.Udp && ReadUInt16BigEndian(before[field..]) == 0;
        bool stillWithout = view.Protocol == PacketBuilder.Udp && ReadUInt16BigEndian(after[(field + moved)..]) == 0;
        Check(without == stillWithout, "UDP checksum", without ? "none before, one after" : "one before, none after");
        if (!without) Check(FrameSums.Transport(after, now) == FrameSums.Transport(before, view), "transport checksum", "the packet's sum changed");
    }

    /// <summary>An ICMP error about a translated flow: the header and the quote are what the other side knows.</summary>
    private static void CheckTranslatedError(
        ReadOnlySpan<byte> before, in FrameView view, byte[] expected, ReadOnlySpan<byte> after, int l3, in FiveTuple outer, in FiveTuple quote, int quoteL4)
    {
        int moved = l3 - view.L3, at = view.L4 + 8;
        WriteHeader(expected.AsSpan(l3), view, outer);
        if (view.IsIpv4) ExpectedFrame.Copy(after, expected, l3 + 10);
        ExpectedFrame.Copy(after, expected, view.L4 + 2 + moved);
        Span<byte> quoted = expected.AsSpan(at + moved);
        FiveTuple.Write(quoted[(view.IsIpv4 ? 12 : 8)..], quote.Source, view.IsIpv4);
        FiveTuple.Write(quoted[(view.IsIpv4 ? 16 : 24)..], quote.Destination, view.IsIpv4);
        WriteUInt16BigEndian(expected.AsSpan(quoteL4 + moved), quote.SourcePort);
        WriteUInt16BigEndian(expected.AsSpan(quoteL4 + moved + 2), quote.DestinationPort);
        if (view.IsIpv4) ExpectedFrame.Copy(after, expected, at + 10 + moved);
        int field = quoteL4 + (quote.Protocol == PacketBuilder.Tcp ? 16 : 6);
        bool reaches = field + 2 <= view.End(before.Length);
        if (reaches) ExpectedFrame.Copy(after, expected, field + moved);
        CheckSame(after, expected, "a translated error keeps all but addresses, ports and TTL");

        if (view.IsIpv4)
        {
            Check(FrameSums.IpHeader(after, l3) == FrameSums.IpHeader(before, view.L3), "IP checksum", "the error's header's sum changed");
            Check(QuotedHeader(after, at + moved) == QuotedHeader(before, at), "IP checksum", "the quoted header's sum changed");
        }

        FrameView now = FrameView.Parse(after);
        Check(FrameSums.Transport(after, now) == FrameSums.Transport(before, view), "ICMP checksum", "the error's sum changed");
        if (!reaches || (quote.Protocol == PacketBuilder.Udp && ReadUInt16BigEndian(before[field..]) == 0)) return;
        Check(
            QuotedTransport(after, at + moved, view.IsIpv4, quoteL4 + moved, field + moved) == QuotedTransport(before, at, view.IsIpv4, quoteL4, field),
            "quoted checksum", "it does not follow the quoted addresses and ports");
    }

    private static void WriteHeader(Span<byte> ip, in FrameView view, in FiveTuple tuple)
    {
        ip[view.IsIpv4 ? 8 : 7]--;
        FiveTuple.Write(ip[(view.IsIpv4 ? 12 : 8)..], tuple.Source, view.IsIpv4);
        FiveTuple.Write(ip[(view.IsIpv4 ? 16 : 24)..], tuple.Destination, view.IsIpv4);
    }

    /// <summary>The fixed part: options are the same before and after.</summary>
    private static ushort QuotedHeader(ReadOnlySpan<byte> frame, int at) => FrameSums.Of(frame.Slice(at, 20));

    /// <summary>Of what a rewrite changes under the quoted transport checksum: addresses, ports and the checksum itself.</summary>
    private static ushort QuotedTransport(ReadOnlySpan<byte> frame, int l3, bool ipv4, int l4, int field) =>
        FrameSums.Of([.. ipv4 ? frame.Slice(l3 + 12, 8) : frame.Slice(l3 + 8, 32), .. frame.Slice(l4, 4), .. frame.Slice(field, 2)]);

    private static uint FragmentIdOf(ReadOnlySpan<byte> ip, in FrameView view) =>
        view.IsIpv4 ? ReadUInt16BigEndian(ip[4..]) : ReadUInt32BigEndian(ip[44..]);

    private static void WriteFragmentId(Span<byte> ip, in FrameView view, uint id)
    {
        if (view.IsIpv4) WriteUInt16BigEndian(ip[4..], (ushort)id);
        else WriteUInt32BigEndian(ip[44..], id);
    }

    /// <summary>A SYN may leave with a lower MSS, if it announced one above the limit.</summary>
    private static void AllowClampedMss(Span<byte> expected, ReadOnlySpan<byte> after, int l4, int header, uint segmentMax)
    {
        int at = l4 + 20, end = Math.Min(l4 + header, expected.Length);
        while (at + 4 <= end && expected[at] != 0)
        {
            if (expected[at] == 2)
            {
                uint announced = ReadUInt16BigEndian(expected[(at + 2)..]);
                if (expected[at + 1] == 4 && announced > segmentMax && ReadUInt16BigEndian(after[(at + 2)..]) == segmentMax) ExpectedFrame.Copy(after, expected, at + 2);
                return;
            }

            int step = expected[at] == 1 ? 1 : expected[at + 1];
            if (step == 0) return;
            at += step;
        }
    }

    private static uint SegmentMax(in FrameView view, uint mtu) => Math.Max(536, mtu - (uint)view.IpHeader - 20);
}
