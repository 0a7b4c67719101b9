using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>What goes to a node and comes back reaches the client as if the service itself had answered.</summary>
public abstract class NatIdentityTests(PacketRig rig)
{
    private const int Rounds = 1_000;

    [RootTheory]
    [InlineData(true, PacketBuilder.Tcp)]
    [InlineData(true, PacketBuilder.Udp)]
    [InlineData(false, PacketBuilder.Tcp)]
    [InlineData(false, PacketBuilder.Udp)]
    public void ThereAndBack_AnyPayload_IsIdentity(bool ipv4, byte protocol)
    {
        World.SetUp(rig, 5, slot => (ushort)(slot % 5));
        Random random = new(20261122);
        IPEndPoint vip = World.Vip(ipv4);
        HashSet<(IPEndPoint Source, IPEndPoint Node)> taken = [];
        for (int round = 0; round < Rounds; round++)
        {
            IPEndPoint client = World.Client(ipv4, round);
            byte[] payload = Bytes(random);
            ParsedFrame there = Redirected(
                GaleObject.XdpPublic, PacketBuilder.Build(client, vip, protocol, PacketBuilder.Syn, payload, (byte)random.Next(2, 256)));
            there.Payload.Should().Equal(payload);
            there.Destination.Port.Should().Be(8080);
            there.Source.Address.Should().Be(ipv4 ? World.SourceFour : World.SourceSix);
            there.Source.Port.Should().BeInRange(World.PortFirst, World.PortLast);
            taken.Add((there.Source, there.Destination)).Should().BeTrue("no two flows look alike to a node");

            byte[] answer = Bytes(random);
            ParsedFrame back = Redirected(
                GaleObject.TcPrivate,
                PacketBuilder.Build(there.Destination, there.Source, protocol, PacketBuilder.Syn | PacketBuilder.Ack, answer, ttl: 33));
            back.Source.Should().Be(vip);
            back.Destination.Should().Be(client);
            back.Payload.Should().Equal(answer);
            back.Ttl.Should().Be(32);
        }
    }

    private ParsedFrame Redirected(string program, byte[] frame)
    {
        (uint verdict, byte[] after) = rig.Run(program, frame);
        Verdict.Name(program, verdict).Should().Be(Verdict.Redirect);
        ParsedFrame parsed = ParsedFrame.From(after);
        parsed.ChecksumsRight.Should().BeTrue(Convert.ToHexStringLower(after));
        return parsed;
    }

    private static byte[] Bytes(Random random)
    {
        byte[] bytes = new byte[random.Next(0, 200)];
        random.NextBytes(bytes);
        return bytes;
    }
}

public sealed class NatIdentityTestsInXdp(PacketRig rig) : NatIdentityTests(rig), IClassFixture<PacketRig>;

public sealed class NatIdentityTestsInTc(TcPacketRig rig) : NatIdentityTests(rig), IClassFixture<TcPacketRig>;
