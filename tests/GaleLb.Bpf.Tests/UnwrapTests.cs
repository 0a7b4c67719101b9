using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>The node's program: packets out of packets, and nothing else touched.</summary>
public sealed class UnwrapTests(UnwrapRig rig) : IClassFixture<UnwrapRig>
{
    /// <summary>Outer and inner family, VLAN tags of the outer frame, inner protocol.</summary>
    public static TheoryData<bool, bool, int, byte> Shapes()
    {
        TheoryData<bool, bool, int, byte> shapes = [];
        foreach (bool outer in (bool[])[true, false])
        {
            foreach (bool inner in (bool[])[true, false])
            {
                for (int tags = 0; tags <= 2; tags++)
                {
                    shapes.Add(outer, inner, tags, PacketBuilder.Tcp);
                    shapes.Add(outer, inner, tags, PacketBuilder.Udp);
                }
            }
        }

        return shapes;
    }

    [RootTheory]
    [MemberData(nameof(Shapes))]
    public void Packet_InsideAnother_ComesOutWithItsTags(bool outer, bool inner, int tags, byte protocol)
    {
        byte[] sent = Inner(inner, protocol);

        (string verdict, byte[] frame, GaleNodeOutcome outcome) = rig.Run(Wrapped(sent, outer, tags));

        (verdict, outcome).Should().Be((Verdict.Pass, GaleNodeOutcome.Unwrapped));
        frame.Should().Equal(Tunnel.Tag(sent, tags));
    }

    [RootTheory]
    [MemberData(nameof(Shapes))]
    public void Packet_CutShortAtAnyLength_PassesUntouched(bool outer, bool inner, int tags, byte protocol)
    {
        byte[] whole = Wrapped(Inner(inner, protocol), outer, tags);
        for (int length = Tunnel.EthernetBytes; length < whole.Length; length++)
        {
            (string verdict, byte[] frame, GaleNodeOutcome outcome) = rig.Run(whole.AsSpan(0, length));

            verdict.Should().Be(Verdict.Pass, $"{length} of {whole.Length} bytes");
            outcome.Should().BeOneOf([GaleNodeOutcome.Passed, GaleNodeOutcome.PassedMalformed], $"{length} of {whole.Length} bytes");
            frame.Should().Equal(whole[..length]);
        }
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Packet_OfAReplica_ComesOutAsTheClientSentItLessOneHop(bool ipv4)
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
        (_, byte[] unwrapped, GaleNodeOutcome outcome) = rig.Run(inside);

        Verdict.Name(GaleObject.XdpPublic, forwarded).Should().Be(Verdict.Redirect);
        outcome.Should().Be(GaleNodeOutcome.Unwrapped);
        unwrapped[12..].Should().Equal(expected[12..]);
    }

    [RootFact]
    public void Packet_NotInsideAnother_PassesUntouched() =>
        ShouldPass(Inner(ipv4: true, PacketBuilder.Tcp), GaleNodeOutcome.Passed);

    [RootFact]
    public void Packet_InsideOneForAnotherHost_PassesUntouched() =>
        ShouldPass(Tunnel.Wrap(Inner(ipv4: true, PacketBuilder.Tcp), World.SourceFour, World.NodeFour(1)), GaleNodeOutcome.Passed);

    [RootFact]
    public void Packet_InsideOneForAServiceAddress_PassesUntouched() =>
        ShouldPass(Tunnel.Wrap(Inner(ipv4: true, PacketBuilder.Tcp), World.SourceFour, World.VipFour.Address), GaleNodeOutcome.Passed);

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Packet_ForAnAddressNotHeldInside_PassesUntouched(bool ipv4)
    {
        IPEndPoint other = new(World.Node(ipv4, 3), 80);
        ShouldPass(Wrapped(PacketBuilder.Build(World.Client(ipv4, 1), other, PacketBuilder.Tcp), outer: true, 0), GaleNodeOutcome.PassedUnheld);
    }

    [RootTheory]
    [InlineData(0x2000)]
    [InlineData(0x0010)]
    public void Packet_InsideAFragment_PassesUntouched(ushort fragment) => ShouldPass(
        Tunnel.Wrap(Inner(ipv4: true, PacketBuilder.Tcp), World.SourceFour, World.NodeFour(0), fragment: fragment), GaleNodeOutcome.PassedFragment);

    [RootFact]
    public void Packet_OfAnotherVersionThanTheOuterHeaderSays_PassesUntouched()
    {
        byte[] frame = Wrapped(Inner(ipv4: true, PacketBuilder.Tcp), outer: false, 0);
        frame[Tunnel.EthernetBytes + 6] = 41;
        ShouldPass(frame, GaleNodeOutcome.PassedMalformed);
    }

    [RootFact]
    public void Packet_LongerThanItsOuterOne_PassesUntouched()
    {
        byte[] frame = Wrapped(Inner(ipv4: true, PacketBuilder.Tcp), outer: false, 0);
        frame[Tunnel.EthernetBytes + 5]--;
        ShouldPass(frame, GaleNodeOutcome.PassedMalformed);
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Packet_MarkedForCongestionOnItsWay_CarriesTheMark(bool ipv4)
    {
        byte[] sent = WithTrafficClass(Inner(ipv4, PacketBuilder.Tcp), ipv4, 0x02);

        (_, byte[] frame, GaleNodeOutcome outcome) = rig.Run(Tunnel.Wrap(sent, World.SourceFour, World.NodeFour(0), trafficClass: 0x03));

        outcome.Should().Be(GaleNodeOutcome.Unwrapped);
        frame.Should().Equal(WithTrafficClass(Inner(ipv4, PacketBuilder.Tcp), ipv4, 0x03));
    }

    [RootFact]
    public void Packet_MarkedForCongestionThatItCannotCarry_IsDropped()
    {
        (string verdict, _, GaleNodeOutcome outcome) =
            rig.Run(Tunnel.Wrap(Inner(ipv4: true, PacketBuilder.Tcp), World.SourceFour, World.NodeFour(0), trafficClass: 0x03));

        (verdict, outcome).Should().Be(("drop", GaleNodeOutcome.DroppedCongested));
    }

    private void ShouldPass(byte[] frame, GaleNodeOutcome expected)
    {
        (string verdict, byte[] after, GaleNodeOutcome outcome) = rig.Run(frame);

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
