using GaleLb.Bpf.Tests.Support;
using static System.Buffers.Binary.BinaryPrimitives;
using static GaleLb.Bpf.Tests.Fuzz.InvariantException;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <content>The private side: what nodes send.</content>
internal sealed partial class PacketJudge
{
    private FuzzOutcome JudgePrivate(FuzzOutcome outcome, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (!FrameView.TryParse(before, out FrameView view))
        {
            CheckNotOurs(outcome, "it cannot be read");
            return outcome;
        }

        if (view.IsIcmp) return JudgePrivateIcmp(outcome, before, view, after);
        bool known = view.IsTransport && (view.Fragment == FragmentKind.Later ? TryRecall(ref view) : view.TryReadPorts(before, out view));
        if (!known || FuzzWorld.IsControlPort(view.Protocol, view.Tuple.DestinationPort))
        {
            CheckNotOurs(outcome, "it is no node's answer");
            return outcome;
        }

        bool ours = FuzzWorld.IsNatSource(view.Tuple.Destination, view.Tuple.DestinationPort);
        // Without source NAT nothing but its flow tells an answer, so every datagram's first fragment is remembered.
        if (view.Fragment == FragmentKind.First && (ours || !world.SourceNat) && !IsMalformed(view, before.Length)) Remember(view, null);
        bool answers = TryFindClient(view.Tuple, out FiveTuple client);
        if (!ours && (world.SourceNat || !answers))
        {
            CheckNotOurs(outcome, "it is no node's answer");
            return outcome;
        }

        Check(outcome != FuzzOutcome.Passed || !ours || view.Fragment == FragmentKind.Later, "ours is never passed", "for a source address and port of the range");
        if (outcome is FuzzOutcome.Passed or FuzzOutcome.Dropped) return outcome;
        Check(!IsMalformed(view, before.Length), "malformed is dropped", "lengths contradict each other or the frame");
        if (!answers) answers = TryLearn(view.Tuple, after, out client);
        Check(answers, "only a flow's packets return", $"{view.Tuple}");
        int leaving = Leaving(view);
        if (IsTurned(before, after)) return JudgePrivateRefusal(before, view, after, leaving);

        Check(view.Ttl > 1, "TTL", "returned on its last hop");
        Check(leaving <= world.Config.PublicMtu, "MTU", "larger than the clients' network takes");
        FiveTuple back = client.Turned;
        CheckTranslated(
            before, view, [.. before], after, view.L3, back, world.ClampMss ? SegmentMax(view, world.Hops[world.NodeOf(view.Tuple.Source)].Mtu) : 0);
        if (view.Fragment != FragmentKind.None) CheckFragmentId(view, FragmentIdOf(after[view.L3..], view));
        return FuzzOutcome.ReturnedL4;
    }

    /// <summary>A flow whose first packet was answered here shows its translation only now.</summary>
    private bool TryLearn(in FiveTuple answer, ReadOnlySpan<byte> after, out FiveTuple client)
    {
        client = FrameView.TryParse(after, out FrameView now) && now.TryReadPorts(after, out now) ? now.Tuple.Turned : default;
        if (!unseen.Contains(client) || forward.ContainsKey(client)) return false;
        FuzzService service = world.Service(client.Destination, client.DestinationPort, client.Protocol)!;
        CheckFlow(
            client, opens: true, service, FuzzWorld.Choose(service, client),
            new Translation(answer.Destination, answer.DestinationPort, answer.Source, answer.SourcePort));
        return true;
    }

    /// <summary>Whether a frame goes back where it came from; what returns to a client keeps the link header that came.</summary>
    private static bool IsTurned(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after) =>
        after[..6].SequenceEqual(before[6..12]) && !before[..6].SequenceEqual(before[6..12]);

    private FuzzOutcome JudgePrivateRefusal(ReadOnlySpan<byte> before, in FrameView view, ReadOnlySpan<byte> after, int leaving)
    {
        bool givenUp = world.IsGivenUp(world.NodeOf(view.Tuple.Source));
        if (!givenUp && leaving > world.Config.PublicMtu && !view.HasOptions && (!view.IsIpv4 || view.DontFragment))
        {
            CheckSame(after, ExpectedFrame.Error(before, view, world.Config.PublicMtu), "the size that fits");
            return FuzzOutcome.AnsweredTooBig;
        }

        Check(view.Protocol == PacketBuilder.Tcp && (view.TcpFlags & RstFlag) == 0, "a reset is never answered", "it was");
        CheckSame(after, ExpectedFrame.Reset(before, view, padded: false), "a reset");
        return FuzzOutcome.ResetSent;
    }

    private FuzzOutcome JudgePrivateIcmp(FuzzOutcome outcome, ReadOnlySpan<byte> before, in FrameView view, ReadOnlySpan<byte> after)
    {
        bool readable = view.L4 + 8 <= view.End(before.Length) && view.Fragment == FragmentKind.None && view.L3 + view.IpLength <= before.Length;
        byte type = readable ? before[view.L4] : (byte)0;
        bool error = readable && (view.IsIpv4 ? type is 3 or 11 or 12 : type is >= 1 and <= 4);
        FiveTuple quoted = default, client = default;
        int quoteL4 = 0;
        bool ours = error && view.TryReadQuote(before, out quoted, out quoteL4) && quoted.Destination == view.Tuple.Destination
            && TryFindClient(quoted, out client);
        if (!ours)
        {
            CheckNotOurs(outcome, "it is about no flow");
            return outcome;
        }

        if (outcome is FuzzOutcome.Passed or FuzzOutcome.Dropped) return outcome;
        Check(view.Ttl > 1, "TTL", "returned on its last hop");
        FiveTuple back = client.Turned;
        CheckTranslatedError(before, view, [.. before], after, view.L3, back, client, quoteL4);
        return FuzzOutcome.ReturnedIcmp;
    }
}
