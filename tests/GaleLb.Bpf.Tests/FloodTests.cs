using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>Floods and full tables.</summary>
public sealed class FloodTests
{
    private const int Established = 1_000;
    private const uint HalfOpenMax = 4_096;

    [RootFact]
    public void SynFlood_TenTimesTheTable_LeavesIdleEstablishedFlowsAlone()
    {
        using PacketRig rig = PacketRig.Load(flowsMax: 4_096, halfOpenMax: HalfOpenMax);
        World.SetUp(rig, 3, slot => (ushort)(slot % 3));
        List<(IPEndPoint Client, ParsedFrame AtNode)> flows = [];
        for (int number = 0; number < Established; number++)
        {
            IPEndPoint client = World.Client(ipv4: true, number);
            flows.Add((client, Establish(rig, client)));
        }

        for (int number = 0; number < 10 * HalfOpenMax; number++)
        {
            byte[] syn = PacketBuilder.Build(new IPEndPoint(new IPAddress([100, 64, (byte)(number >> 8), (byte)number]), 7), World.VipFour, PacketBuilder.Tcp, PacketBuilder.Syn);
            rig.Run(GaleObject.XdpPublic, syn);
        }

        foreach ((IPEndPoint client, ParsedFrame atNode) in flows)
        {
            (uint verdict, byte[] frame) = rig.Run(
                GaleObject.XdpPublic, PacketBuilder.Build(client, World.VipFour, PacketBuilder.Tcp, PacketBuilder.Ack));
            Verdict.Name(GaleObject.XdpPublic, verdict).Should().Be(Verdict.Redirect);
            ParsedFrame now = ParsedFrame.From(frame);
            (now.Source, now.Destination).Should().Be((atNode.Source, atNode.Destination));
        }
    }

    [RootFact]
    public void FullTable_NewHandshake_IsResetAndCountedAndOldFlowsGoOn()
    {
        const int room = 64;
        using PacketRig rig = PacketRig.Load(flowsMax: 2 * room, halfOpenMax: HalfOpenMax);
        World.SetUp(rig, 3, slot => (ushort)(slot % 3));
        for (int number = 0; number < room; number++) Establish(rig, World.Client(ipv4: true, number));

        IPEndPoint late = World.Client(ipv4: true, room);
        ParsedFrame syn = Forward(rig, late, PacketBuilder.Syn);
        rig.Run(GaleObject.TcPrivate, PacketBuilder.Build(syn.Destination, syn.Source, PacketBuilder.Tcp, PacketBuilder.Syn | PacketBuilder.Ack));
        ParsedFrame answer = Forward(rig, late, PacketBuilder.Ack);

        answer.Destination.Should().Be(late, "the client is told");
        answer.TcpFlags.Should().Be(0x04);
        rig.Counters()[GaleReason.DropTableFull].Packets.Should().Be(1);
        rig.Flows("flows").Should().HaveCount(2 * room);
        Forward(rig, World.Client(ipv4: true, 0), PacketBuilder.Ack).Source.Address.Should().Be(World.SourceFour);
    }

    [RootFact]
    public void OneWayUdp_UnderPressure_NeverSharesItsSourcePortTowardsANode()
    {
        const int clients = 3_000;
        using PacketRig rig = PacketRig.Load(flowsMax: 128, halfOpenMax: 512);
        World.SetUp(rig, 2, slot => (ushort)(slot % 2));
        Dictionary<(IPEndPoint Source, IPEndPoint Node), IPEndPoint> owner = [];
        Random random = new(1);
        for (int number = 0; number < 60_000; number++)
        {
            IPEndPoint client = World.Client(ipv4: true, random.Next(clients));
            (uint verdict, byte[] frame) = rig.Run(GaleObject.XdpPublic, PacketBuilder.Build(client, World.VipFour, PacketBuilder.Udp));
            Verdict.Name(GaleObject.XdpPublic, verdict).Should().Be(Verdict.Redirect);
            ParsedFrame atNode = ParsedFrame.From(frame);
            // The range is wider than this run is long, so no port comes round again: each has one owner for good.
            owner.TryAdd((atNode.Source, atNode.Destination), client);
            owner[(atNode.Source, atNode.Destination)].Should().Be(client);
        }
    }

    private static ParsedFrame Establish(PacketRig rig, IPEndPoint client)
    {
        ParsedFrame atNode = Forward(rig, client, PacketBuilder.Syn);
        rig.Run(GaleObject.TcPrivate, PacketBuilder.Build(atNode.Destination, atNode.Source, PacketBuilder.Tcp, PacketBuilder.Syn | PacketBuilder.Ack));
        Forward(rig, client, PacketBuilder.Ack).Source.Should().Be(atNode.Source);
        return atNode;
    }

    private static ParsedFrame Forward(PacketRig rig, IPEndPoint client, byte flags)
    {
        (uint verdict, byte[] frame) = rig.Run(GaleObject.XdpPublic, PacketBuilder.Build(client, World.VipFour, PacketBuilder.Tcp, flags));
        Verdict.Name(GaleObject.XdpPublic, verdict).Should().Be(Verdict.Redirect);
        return ParsedFrame.From(frame);
    }
}
