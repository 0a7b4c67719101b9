using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>The node's program, in XDP and in TC: packets out of packets, and nothing else touched.</summary>
public sealed class UnwrapTests(UnwrapRig rig) : IClassFixture<UnwrapRig>
{
    /// <summary>Whether the outer packet is one of IPv4, and the inner one.</summary>
    private static readonly (bool Outer, bool Inner)[] Families = [(true, true), (true, false), (false, true), (false, false)];

    public static TheoryData<PublicHook> Hooks() => [.. UnwrapRig.Hooks];

    /// <summary>Each place, with IPv4 inside and with IPv6 inside.</summary>
    public static TheoryData<PublicHook, bool> HooksAndFamilies()
    {
        TheoryData<PublicHook, bool> rows = [];
        foreach (PublicHook hook in UnwrapRig.Hooks)
        {
            rows.Add(hook, true);
            rows.Add(hook, false);
        }

        return rows;
    }

    /// <summary>Place, outer and inner family, VLAN tags of the outer frame, inner protocol. In TC, tags that are in the frame are the kernel's to take off.</summary>
    public static TheoryData<PublicHook, bool, bool, int, byte> Shapes()
    {
        TheoryData<PublicHook, bool, bool, int, byte> shapes = [];
        foreach (PublicHook hook in UnwrapRig.Hooks)
        {
            foreach ((bool outer, bool inner) in Families)
            {
                for (int tags = 0; tags <= (hook == PublicHook.Xdp ? 2 : 0); tags++)
                {
                    shapes.Add(hook, outer, inner, tags, PacketBuilder.Tcp);
                    shapes.Add(hook, outer, inner, tags, PacketBuilder.Udp);
                }
            }
        }

        return shapes;
    }

    [RootTheory]
    [MemberData(nameof(Shapes))]
    public void Packet_InsideAnother_ComesOutWithItsTags(PublicHook hook, bool outer, bool inner, int tags, byte protocol)
    {
        byte[] sent = Inner(inner, protocol);

        (string verdict, byte[] frame, GaleNodeOutcome outcome) = rig.Run(hook, Wrapped(sent, outer, tags));

        (verdict, outcome).Should().Be((Verdict.Pass, GaleNodeOutcome.Unwrapped));
        frame.Should().Equal(Tunnel.Tag(sent, tags));
    }

    /// <summary>The sum that a card took over the whole packet goes on to be of what is left.</summary>
    [ChecksumCompleteTheory]
    [InlineData(0)]
    [InlineData(3)]
    public void Packet_InTcSummedByTheCard_KeepsThatSumRight(byte trafficClass)
    {
        foreach ((bool outer, bool inner) in Families)
        {
            byte[] sent = WithTrafficClass(Inner(inner, PacketBuilder.Tcp), inner, 0x02);
            byte[] wrapped = Tunnel.Wrap(sent, outer ? World.SourceFour : World.SourceSix, World.Node(outer, 0), trafficClass: trafficClass);

            (_, _, GaleNodeOutcome outcome) = rig.Run(PublicHook.Tc, wrapped, ChecksumCompleteTheoryAttribute.Flag);

            outcome.Should().Be(GaleNodeOutcome.Unwrapped);
        }
    }

    /// <summary>One tag lies beside the frame in TC; test-run has none there, so that one in the frame stands for a second one.</summary>
    [RootTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void Packet_InTcWithTagsInTheFrame_IsLeftToTheKernel(int tags)
    {
        foreach ((bool outer, bool inner) in Families) ShouldPass(PublicHook.Tc, Wrapped(Inner(inner, PacketBuilder.Tcp), outer, tags), GaleNodeOutcome.Passed);
    }

    [RootTheory]
    [MemberData(nameof(Shapes))]
    public void Packet_CutShortAtAnyLength_PassesUntouched(PublicHook hook, bool outer, bool inner, int tags, byte protocol)
    {
        byte[] whole = Wrapped(Inner(inner, protocol), outer, tags);
        // Test-run of a TC program refuses an IP packet without a whole IP header, as the stack never shows one to TC.
        int shortest = Tunnel.EthernetBytes + (hook == PublicHook.Xdp ? 0 : outer ? 20 : 40);
        for (int length = shortest; length < whole.Length; length++)
        {
            (string verdict, byte[] frame, GaleNodeOutcome outcome) = rig.Run(hook, whole.AsSpan(0, length));

            verdict.Should().Be(Verdict.Pass, $"{length} of {whole.Length} bytes");
            outcome.Should().BeOneOf([GaleNodeOutcome.Passed, GaleNodeOutcome.PassedMalformed], $"{length} of {whole.Length} bytes");
            frame.Should().Equal(whole[..length]);
        }
    }

    [RootTheory]
    [MemberData(nameof(HooksAndFamilies))]
    public void Packet_OfAReplica_ComesOutAsTheClientSentItLessOneHop(PublicHook hook, bool ipv4)
    {
        using PacketRig replica = PacketRig.Load();
        World.SetUp(replica, 1, _ => 0);
        replica.Map("services").Update(
            new GaleServiceKey { Address = GaleAddress.From(World.Vip(ipv4).Address), Port = new Be16(80), Protocol = PacketBuilder.Tcp },
            new GaleService
            {
                Ring = ipv4 ? 0u : 1u,
                PreviousRing = GaleLimit.RingNone,
                ServiceId = 1,
                TargetPort = new Be16(80),
                Forwarding = GaleForwarding.L3,
            });
        byte[] sent = PacketBuilder.Build(World.Client(ipv4, 1), World.Vip(ipv4), PacketBuilder.Tcp, PacketBuilder.Syn);
        byte[] expected = PacketBuilder.Build(World.Client(ipv4, 1), World.Vip(ipv4), PacketBuilder.Tcp, PacketBuilder.Syn, ttl: 63);

        (uint forwarded, byte[] inside) = replica.Run(GaleObject.XdpPublic, sent);
        (_, byte[] unwrapped, GaleNodeOutcome outcome) = rig.Run(hook, inside);

        Verdict.Name(GaleObject.XdpPublic, forwarded).Should().Be(Verdict.Redirect);
        outcome.Should().Be(GaleNodeOutcome.Unwrapped);
        unwrapped[12..].Should().Equal(expected[12..]);
    }

    [RootTheory]
    [MemberData(nameof(Hooks))]
    public void Packet_NotInsideAnother_PassesUntouched(PublicHook hook) =>
        ShouldPass(hook, Inner(ipv4: true, PacketBuilder.Tcp), GaleNodeOutcome.Passed);

    [RootTheory]
    [MemberData(nameof(Hooks))]
    public void Packet_InsideOneForAnotherHost_PassesUntouched(PublicHook hook) =>
        ShouldPass(hook, Tunnel.Wrap(Inner(ipv4: true, PacketBuilder.Tcp), World.SourceFour, World.NodeFour(1)), GaleNodeOutcome.Passed);

    [RootTheory]
    [MemberData(nameof(Hooks))]
    public void Packet_InsideOneForAServiceAddress_PassesUntouched(PublicHook hook) =>
        ShouldPass(hook, Tunnel.Wrap(Inner(ipv4: true, PacketBuilder.Tcp), World.SourceFour, World.VipFour.Address), GaleNodeOutcome.Passed);

    [RootTheory]
    [MemberData(nameof(HooksAndFamilies))]
    public void Packet_ForAnAddressNotHeldInside_PassesUntouched(PublicHook hook, bool ipv4)
    {
        IPEndPoint other = new(World.Node(ipv4, 3), 80);
        ShouldPass(hook, Wrapped(PacketBuilder.Build(World.Client(ipv4, 1), other, PacketBuilder.Tcp), outer: true, 0), GaleNodeOutcome.PassedUnheld);
    }

    [RootTheory]
    [MemberData(nameof(Hooks))]
    public void Packet_InsideAFragment_PassesUntouched(PublicHook hook)
    {
        foreach (ushort fragment in (ushort[])[0x2000, 0x0010])
        {
            ShouldPass(
                hook, Tunnel.Wrap(Inner(ipv4: true, PacketBuilder.Tcp), World.SourceFour, World.NodeFour(0), fragment: fragment), GaleNodeOutcome.PassedFragment);
        }
    }

    [RootTheory]
    [MemberData(nameof(Hooks))]
    public void Packet_OfAnotherVersionThanTheOuterHeaderSays_PassesUntouched(PublicHook hook)
    {
        byte[] frame = Wrapped(Inner(ipv4: true, PacketBuilder.Tcp), outer: false, 0);
        frame[Tunnel.EthernetBytes + 6] = 41;
        ShouldPass(hook, frame, GaleNodeOutcome.PassedMalformed);
    }

    [RootTheory]
    [MemberData(nameof(Hooks))]
    public void Packet_LongerThanItsOuterOne_PassesUntouched(PublicHook hook)
    {
        byte[] frame = Wrapped(Inner(ipv4: true, PacketBuilder.Tcp), outer: false, 0);
        frame[Tunnel.EthernetBytes + 5]--;
        ShouldPass(hook, frame, GaleNodeOutcome.PassedMalformed);
    }

    [RootTheory]
    [MemberData(nameof(HooksAndFamilies))]
    public void Packet_MarkedForCongestionOnItsWay_CarriesTheMark(PublicHook hook, bool ipv4)
    {
        byte[] sent = WithTrafficClass(Inner(ipv4, PacketBuilder.Tcp), ipv4, 0x02);

        (_, byte[] frame, GaleNodeOutcome outcome) = rig.Run(hook, Tunnel.Wrap(sent, World.SourceFour, World.NodeFour(0), trafficClass: 0x03));

        outcome.Should().Be(GaleNodeOutcome.Unwrapped);
        frame.Should().Equal(WithTrafficClass(Inner(ipv4, PacketBuilder.Tcp), ipv4, 0x03));
    }

    [RootTheory]
    [MemberData(nameof(Hooks))]
    public void Packet_MarkedForCongestionThatItCannotCarry_IsDropped(PublicHook hook)
    {
        (string verdict, _, GaleNodeOutcome outcome) =
            rig.Run(hook, Tunnel.Wrap(Inner(ipv4: true, PacketBuilder.Tcp), World.SourceFour, World.NodeFour(0), trafficClass: 0x03));

        (verdict, outcome).Should().Be(("drop", GaleNodeOutcome.DroppedCongested));
    }

    private void ShouldPass(PublicHook hook, byte[] frame, GaleNodeOutcome expected)
    {
        (string verdict, byte[] after, GaleNodeOutcome outcome) = rig.Run(hook, frame);

        (verdict, outcome).Should().Be((Verdict.Pass, expected));
        after.Should().Equal(frame);
    }

    private static byte[] Inner(bool ipv4, byte protocol) =>
        PacketBuilder.Build(World.Client(ipv4, 1), World.Vip(ipv4), protocol, PacketBuilder.Ack, "content"u8.ToArray());

    private static byte[] Wrapped(byte[] inner, bool outer, int tags) =>
        Tunnel.Wrap(inner, outer ? World.SourceFour : World.SourceSix, World.Node(outer, 0), tags);

    private static byte[] WithTrafficClass(byte[] frame, bool ipv4, byte trafficClass)
    {
        Span<byte> ip = frame.AsSpan(Tunnel.EthernetBytes);
        if (ipv4)
        {
            ip[1] = trafficClass;
            ip[10] = ip[11] = 0;
            ushort sum = Checksum.Of(ip[..20]);
            (ip[10], ip[11]) = ((byte)(sum >> 8), (byte)sum);
        }
        else
        {
            ip[1] |= (byte)(trafficClass << 4);
        }

        return frame;
    }
}
