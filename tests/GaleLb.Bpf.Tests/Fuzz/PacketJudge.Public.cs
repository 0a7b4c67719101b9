using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;
using static System.Buffers.Binary.BinaryPrimitives;
using static GaleLb.Bpf.Tests.Fuzz.InvariantException;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <content>The public side: what clients send.</content>
internal sealed partial class PacketJudge
{
    private FuzzOutcome JudgePublic(FuzzOutcome outcome, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        if (!FrameView.TryParse(before, out FrameView view))
        {
            CheckNotOurs(outcome, "it cannot be read");
            return outcome;
        }

        if (view.IsIcmp) return JudgePublicIcmp(outcome, before, view, after);
        bool known = view.IsTransport && (view.Fragment == FragmentKind.Later ? TryRecall(ref view) : view.TryReadPorts(before, out view));
        FuzzService? service = known ? world.Service(view.Tuple.Destination, view.Tuple.DestinationPort, view.Protocol) : null;
        if (service is null || FuzzWorld.IsControlPort(view.Protocol, view.Tuple.DestinationPort))
        {
            CheckNotOurs(outcome, "it is for no service");
            return outcome;
        }

        // Whether the replica knew the first fragment depends on what became of that one; passed untouched is right as well.
        if (view.Fragment == FragmentKind.Later && outcome == FuzzOutcome.Passed) return outcome;
        Check(outcome != FuzzOutcome.Passed, "ours is never passed", $"{service}");
        if (world.IsBlocked(view.Tuple.Source))
        {
            Check(outcome == FuzzOutcome.Dropped, "a blocked client gets no service", $"{service}");
            return outcome;
        }

        bool malformed = IsMalformed(view, before.Length), routed = HasSourceRoute(before, view);
        if (view.Fragment == FragmentKind.First && !malformed && !routed) Remember(view, null);
        if (outcome == FuzzOutcome.Dropped)
        {
            // Too big for its hop, say: by then the flow is there.
            if (service.Forwarding == GaleForwarding.L4 && !malformed && !routed) WentNowhere(view);
            return outcome;
        }

        Check(!malformed, "malformed is dropped", "lengths contradict each other or the frame");
        Check(!routed, "a source route is dropped", "RFC 7126, 4.3");

        int node = FuzzWorld.Choose(service, view.Tuple);
        int hop = HopOf(after);
        if (hop < 0) return JudgeRefusal(before, view, after, service, node);
        if (service.Forwarding == GaleForwarding.L4) return JudgeForwarded(before, view, after, service, node, hop);
        CheckStateless(before, view, after, service, view.Tuple, hop);
        return service.Forwarding == GaleForwarding.L3 ? FuzzOutcome.ForwardedL3 : FuzzOutcome.ForwardedL2;
    }

    /// <summary>An IPv4 option that asks for a route, within the first twelve: no stack sends more.</summary>
    private static bool HasSourceRoute(ReadOnlySpan<byte> frame, in FrameView view)
    {
        int at = view.L3 + 20, end = Math.Min(view.L4, frame.Length);
        for (int n = 0; view.IsIpv4 && n < 12 && at + 1 < end && frame[at] != 0; n++)
        {
            if (frame[at] is 0x83 or 0x89) return true;
            int step = frame[at] == 1 ? 1 : frame[at + 1];
            if (step == 0) return false;
            at += step;
        }

        return false;
    }

    /// <summary>The node to whose hop a frame is addressed, or -1: the hops' MACs occur nowhere else.</summary>
    private int HopOf(ReadOnlySpan<byte> after) => after[0] == 0x06 && after[1] == 0xa1 && world.Hops.ContainsKey(after[5]) ? after[5] : -1;

    private FuzzOutcome JudgeForwarded(
        ReadOnlySpan<byte> before, in FrameView view, ReadOnlySpan<byte> after, FuzzService service, int node, int hop)
    {
        GaleNextHop way = world.Hops[hop];
        Check(view.Ttl > 1, "TTL", "forwarded on its last hop");
        Check(Leaving(view) <= way.Mtu, "MTU", "larger than its hop takes");
        Check(FrameView.TryParse(after, out FrameView now), "an IP packet comes out", "it cannot be read");
        if (view.Fragment != FragmentKind.Later) now.TryReadPorts(after, out now);
        Check(world.NodeOf(now.Tuple.Destination) == hop, "node and hop agree", $"hop of node {hop}, address {FiveTuple.Address(now.Tuple.Destination)}");
        Check(!world.IsGivenUp(hop), "no packet for a node given up", $"node {hop}");
        bool opens = Opens(view);
        // A later fragment shows no ports: it is held to its flow.
        Translation translation = new(now.Tuple.Source, now.Tuple.SourcePort, now.Tuple.Destination, now.Tuple.DestinationPort);
        if (view.Fragment != FragmentKind.Later) CheckFlow(view.Tuple, opens, service, node, translation);
        else if (forward.TryGetValue(view.Tuple, out Translation known)) translation = known;
        else Check(unseen.Contains(view.Tuple), "a later fragment opens nothing", "there was no flow");
        FiveTuple tuple = new(translation.Source, translation.SourcePort, translation.Node, translation.NodePort, view.Protocol);
        CheckTranslated(
            before, view, ExpectedFrame.Via(way, before[view.L3..], view.IsIpv4), after, now.L3, tuple,
            world.ClampMss ? SegmentMax(view, world.Config.PublicMtu) : 0);
        if (view.Fragment != FragmentKind.None) CheckFragmentId(view, FragmentIdOf(after[now.L3..], view));
        return FuzzOutcome.ForwardedL4;
    }

    private static bool Opens(in FrameView view) => view.Protocol == PacketBuilder.Udp || (view.TcpFlags & 0x17) == SynFlag;

    /// <summary>A packet may have opened a flow all the same, whose translation shows later.</summary>
    private void WentNowhere(in FrameView view)
    {
        unseen.Add(view.Tuple);
        if (Opens(view)) openedUnseen.Add(view.Tuple);
    }

    /// <summary>A flow keeps its translation; a new one gets the ring's node, and a source that is nobody else's.</summary>
    private void CheckFlow(in FiveTuple client, bool opens, FuzzService service, int node, in Translation translation)
    {
        if (forward.TryGetValue(client, out Translation known) && known == translation) return;
        // A SYN may begin anew on a closed flow's ports; datagrams stay together while their node lives.
        opens |= openedUnseen.Remove(client);
        bool anew = opens && (known == default || client.Protocol == PacketBuilder.Tcp || world.IsGivenUp(world.NodeOf(known.Node)));
        Check(anew, "a flow keeps its translation", $"{known} became {translation}");
        Check(translation.Node == world.NodeAddress(node), "a new flow goes to the ring's node", $"node {node} is {FiveTuple.Address(world.NodeAddress(node))}");
        Check(translation.NodePort == service.TargetPort, "a new flow goes to the target port", $"{translation.NodePort}");
        FiveTuple turned = new(translation.Node, translation.NodePort, translation.Source, translation.SourcePort, client.Protocol);
        if (world.SourceNat)
        {
            Check(FuzzWorld.IsNatSource(translation.Source, translation.SourcePort), "the source is of the range", $"{FiveTuple.Address(translation.Source)}:{translation.SourcePort}");
            Check(!clientOf.TryGetValue(turned, out FiveTuple owner) || owner == client, "a source is one flow's alone", $"it is {owner}'s");
        }
        else
        {
            Check((translation.Source, translation.SourcePort) == (client.Source, client.SourcePort), "the client's address is kept", "source_nat is off");
        }

        forward[client] = translation;
        clientOf[turned] = client;
    }

    private void CheckStateless(ReadOnlySpan<byte> before, in FrameView view, ReadOnlySpan<byte> after, FuzzService service, in FiveTuple choosing, int hop)
    {
        int node = FuzzWorld.Choose(service, choosing);
        GaleNextHop way = world.Hops[hop];
        Check(node == hop, "the ring's node", $"node {hop} in place of {node}");
        Check(!world.IsGivenUp(hop), "no packet for a node given up", $"node {hop}");
        if (service.Forwarding == GaleForwarding.L2)
        {
            Check(Leaving(view) <= way.Mtu, "MTU", "larger than its hop takes");
            CheckSame(after, ExpectedFrame.Via(way, before[view.L3..], view.IsIpv4), "L2 changes the link header alone");
            return;
        }

        Check(view.Ttl > 1, "TTL", "forwarded on its last hop");
        Check(FrameView.TryParse(after, out FrameView outer), "an IP packet comes out", "it cannot be read");
        int header = outer.IpHeader;
        Check(Leaving(view) + header <= way.Mtu, "MTU", "larger than its hop takes");
        CheckOuter(after, outer, view, node, FuzzWorld.Hash(service, choosing));
        byte[] inside = [.. before[view.L3..]];
        inside[view.IsIpv4 ? 8 : 7]--;
        int at = outer.L3 + header;
        if (view.IsIpv4)
        {
            Check(after.Length >= at + 20, "the packet is inside", "it is cut short");
            after.Slice(at + 10, 2).CopyTo(inside.AsSpan(10));
            Check(FrameSums.IpHeader(after, at) == FrameSums.IpHeader(before, view.L3), "IP checksum", "the inner header's sum changed");
        }

        CheckSame(after, ExpectedFrame.Via(way, [.. after.Slice(outer.L3, header), .. inside], outer.IsIpv4), "L3 changes the inner TTL alone");
    }

    private void CheckOuter(ReadOnlySpan<byte> after, in FrameView outer, in FrameView inner, int node, uint hash)
    {
        bool ipv4 = FiveTuple.IsIpv4(world.NodeAddress(node));
        int bits = ipv4 ? world.Config.TunnelBitsV4 : world.Config.TunnelBitsV6;
        UInt128 free = (UInt128.One << bits) - 1;
        Check(
            outer.IsIpv4 == ipv4 && !outer.HasOptions && outer.Fragment == FragmentKind.None && outer.Ttl == 64 && outer.DontFragment == ipv4
            && outer.Protocol == (inner.IsIpv4 ? 4 : 41) && outer.TrafficClass == inner.TrafficClass && outer.IpLength == inner.IpLength + outer.IpHeader,
            "outer header", $"{outer}");
        Check(!ipv4 || FrameSums.IpHeader(after, outer.L3) == 0xffff, "IP checksum", "the outer header's is wrong");
        uint rest = ipv4 ? outer.FragmentId : ReadUInt32BigEndian(after[outer.L3..]) & 0xfffff;
        Check(rest == 0, "outer header", $"identification or flow label {rest:x}");
        Check(outer.Tuple.Destination == world.NodeAddress(node), "outer header", "for another address than the node's");
        Check(
            outer.Tuple.Source == ((FuzzWorld.Sources[ipv4 ? 0 : 1] & ~free) | (hash & free)), "outer header",
            $"source {FiveTuple.Address(outer.Tuple.Source)}, of which {bits} bits vary by flow");
    }

    private FuzzOutcome JudgePublicIcmp(FuzzOutcome outcome, ReadOnlySpan<byte> before, in FrameView view, ReadOnlySpan<byte> after)
    {
        bool readable = view.L4 + 8 <= view.End(before.Length) && view.Fragment == FragmentKind.None;
        byte type = readable ? before[view.L4] : (byte)0;
        if (readable && type == (view.IsIpv4 ? 8 : 128) && FuzzWorld.Vips.Contains(view.Tuple.Destination)) return JudgeEcho(outcome, before, view, after);
        bool error = readable && (view.IsIpv4 ? type is 3 or 11 or 12 : type is >= 1 and <= 4);
        FiveTuple quoted = default;
        int quoteL4 = 0;
        FuzzService? service = error && view.TryReadQuote(before, out quoted, out quoteL4) && quoted.Destination == view.Tuple.Destination
            && !FuzzWorld.IsControlPort(quoted.Protocol, quoted.DestinationPort)
            ? world.Service(quoted.Destination, quoted.DestinationPort, quoted.Protocol)
            : null;
        if (service is null)
        {
            CheckNotOurs(outcome, "it is about no service");
            return outcome;
        }

        Check(outcome != FuzzOutcome.Passed, "ours is never passed", "an error about a service");
        Check(outcome == FuzzOutcome.Dropped || !world.IsBlocked(view.Tuple.Source), "a blocked client gets no service", "an error");
        if (outcome == FuzzOutcome.Dropped) return outcome;
        Check(view.L3 + view.IpLength <= before.Length, "malformed is dropped", "the frame is cut short");
        int hop = HopOf(after);
        Check(hop >= 0, "an error is never answered", "RFC 1122, 3.2.2");
        if (service.Forwarding != GaleForwarding.L4)
        {
            CheckStateless(before, view, after, service, quoted, hop);
            return FuzzOutcome.ForwardedIcmp;
        }

        Check(view.Ttl > 1, "TTL", "forwarded on its last hop");
        Check(view.IpLength <= world.Hops[hop].Mtu, "MTU", "larger than its hop takes");
        if (openedUnseen.Contains(quoted) || (unseen.Contains(quoted) && !forward.ContainsKey(quoted))) Learn(quoted, service, after);
        Check(forward.TryGetValue(quoted, out Translation known) && world.NodeOf(known.Node) == hop, "an error goes to its flow's node", $"{known}");
        FiveTuple towards = new(known.Source, known.SourcePort, known.Node, known.NodePort, quoted.Protocol);
        CheckTranslatedError(
            before, view, ExpectedFrame.Via(world.Hops[hop], before[view.L3..], view.IsIpv4), after, 14 + (world.Hops[hop].VlanCount * 4), towards, towards.Turned, quoteL4);
        return FuzzOutcome.ForwardedIcmp;
    }

    /// <summary>A flow whose first packet was answered here shows its translation only now, by what an error about it quotes.</summary>
    private void Learn(in FiveTuple client, FuzzService service, ReadOnlySpan<byte> after)
    {
        if (!FrameView.TryParse(after, out FrameView view) || !view.TryReadQuote(after, out FiveTuple towards, out _)) return;
        CheckFlow(
            client, opens: true, service, FuzzWorld.Choose(service, client),
            new Translation(towards.Source, towards.SourcePort, towards.Destination, towards.DestinationPort));
    }

    private FuzzOutcome JudgeEcho(FuzzOutcome outcome, ReadOnlySpan<byte> before, in FrameView view, ReadOnlySpan<byte> after)
    {
        Check(outcome != FuzzOutcome.Passed, "ours is never passed", "a ping of a service address");
        Check(outcome == FuzzOutcome.Dropped || !world.IsBlocked(view.Tuple.Source), "a blocked client gets no service", "a ping");
        if (outcome == FuzzOutcome.Dropped) return outcome;
        CheckSame(after, ExpectedFrame.Echo(before, view, after), "an echo reply is its request turned around");
        if (view.IsIpv4) Check(FrameSums.IpHeader(after, view.L3) == FrameSums.IpHeader(before, view.L3), "IP checksum", "the header's sum changed");
        FrameView now = FrameView.Parse(after);
        Check(FrameSums.Transport(after, now) == FrameSums.Transport(before, view), "ICMP checksum", "the reply's sum changed");
        return FuzzOutcome.AnsweredEcho;
    }

    /// <summary>What came back to the sender: a reset, port unreachable, or the size that fits.</summary>
    private FuzzOutcome JudgeRefusal(ReadOnlySpan<byte> before, in FrameView view, ReadOnlySpan<byte> after, FuzzService service, int node)
    {
        if (TryTooBig(before, view, after, service, node))
        {
            WentNowhere(view);
            return FuzzOutcome.AnsweredTooBig;
        }

        if (view.Protocol == PacketBuilder.Tcp)
        {
            Check((view.TcpFlags & RstFlag) == 0, "a reset is never answered", "it was");
            CheckSame(after, ExpectedFrame.Reset(before, view, padded: true), "a reset");
            return FuzzOutcome.ResetSent;
        }

        Check(view.Protocol == PacketBuilder.Udp && !view.HasOptions, "who is refused in words", $"protocol {view.Protocol}");
        CheckSame(after, ExpectedFrame.Error(before, view, 0), "port unreachable");
        return FuzzOutcome.UnreachableSent;
    }

    /// <summary>An established flow may have another node than the ring names now, so every hop's size may be the reason.</summary>
    private bool TryTooBig(ReadOnlySpan<byte> before, in FrameView view, ReadOnlySpan<byte> after, FuzzService service, int node)
    {
        if (view.HasOptions || (view.IsIpv4 && !view.DontFragment) || node < 0) return false;
        foreach ((int index, GaleNextHop hop) in world.Hops)
        {
            if (service.Forwarding != GaleForwarding.L4 && index != node) continue;
            uint overhead = service.Forwarding != GaleForwarding.L3 ? 0 : FiveTuple.IsIpv4(world.NodeAddress(index)) ? 20u : 40u;
            if (Leaving(view) + overhead > hop.Mtu && after.SequenceEqual(ExpectedFrame.Error(before, view, hop.Mtu - overhead))) return true;
        }

        return false;
    }

    private void Remember(in FrameView view, uint? newId) =>
        fragments[(view.Tuple.Source, view.Tuple.Destination, view.FragmentId, view.Protocol)] = (view.Tuple.SourcePort, view.Tuple.DestinationPort, newId);

    private bool TryRecall(ref FrameView view)
    {
        if (!fragments.TryGetValue((view.Tuple.Source, view.Tuple.Destination, view.FragmentId, view.Protocol), out (ushort Source, ushort Destination, uint? NewId) first))
            return false;
        view = view.WithPorts(first.Source, first.Destination);
        return true;
    }

    /// <summary>All fragments of a datagram leave with one id.</summary>
    private void CheckFragmentId(in FrameView view, uint id)
    {
        if (view.Fragment == FragmentKind.First) Remember(view, id);
        else Check(
            fragments[(view.Tuple.Source, view.Tuple.Destination, view.FragmentId, view.Protocol)].NewId is not { } first || first == id,
            "fragments keep together", $"id {id:x} in place of the first's");
    }
}
