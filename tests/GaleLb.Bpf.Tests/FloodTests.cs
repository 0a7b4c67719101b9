using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>Floods and full tables.</summary>
public sealed class FloodTests
{
    private const int Established = 1_000;
    private const uint FlowSets = 256;
    private const int Room = (int)FlowSets * GaleLimit.FlowSlots / 2;

    [RootFact]
    public void SynFlood_TenTimesTheTable_LeavesIdleEstablishedFlowsAlone()
    {
        using PacketRig rig = PacketRig.Load(FlowSets);
        World.SetUp(rig, 3, slot => (ushort)(slot % 3));
        List<(IPEndPoint Client, ParsedFrame AtNode)> flows = [];
        for (int number = 0; number < Established; number++)
        {
            IPEndPoint client = World.Client(ipv4: true, number);
            flows.Add((client, Establish(rig, client)));
        }

        for (int number = 0; number < 10 * Room; number++)
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
        const int offered = 200;
        using PacketRig rig = PacketRig.Load(flowSets: 4);
        // So few that the last try is for a taken one, as a rule, where others had no room.
        World.SetUp(rig, 3, slot => (ushort)(slot % 3), ports: 64);
        List<(IPEndPoint Client, ParsedFrame AtNode)> taken = [];
        int refused = 0;
        for (int number = 0; number < offered; number++)
        {
            IPEndPoint client = World.Client(ipv4: true, number);
            (uint verdict, byte[] frame) = rig.Run(GaleObject.XdpPublic, PacketBuilder.Build(client, World.VipFour, PacketBuilder.Tcp, PacketBuilder.Syn));
            ParsedFrame answer = ParsedFrame.From(frame);
            if (answer.Destination.Equals(client))
            {
                Verdict.Name(GaleObject.XdpPublic, verdict).Should().Be(Verdict.Redirect);
                (answer.TcpFlags & 0x04).Should().NotBe(0, "the client is told");
                refused++;
                continue;
            }

            taken.Add((client, answer));
            Finish(rig, client, answer);
        }

        rig.Counters()[GaleReason.DropTableFull].Packets.Should().Be((ulong)refused);
        rig.Flows(halfOpen: false).Should().HaveCount(2 * taken.Count);
        rig.Flows(halfOpen: true).Should().BeEmpty("what found no room for its forward half left none behind");
        taken.Count.Should().BeInRange(4 * GaleLimit.FlowSlots / 4, 4 * GaleLimit.FlowSlots / 2);
        foreach ((IPEndPoint client, ParsedFrame atNode) in taken) Forward(rig, client, PacketBuilder.Ack).Source.Should().Be(atNode.Source);
    }

    [RootFact]
    public void OneWayUdp_UnderPressure_NeverSharesItsSourcePortTowardsANode()
    {
        const int clients = 3_000;
        using PacketRig rig = PacketRig.Load(flowSets: 16);
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
        Finish(rig, client, atNode);
        return atNode;
    }

    private static void Finish(PacketRig rig, IPEndPoint client, ParsedFrame atNode)
    {
        rig.Run(GaleObject.TcPrivate, PacketBuilder.Build(atNode.Destination, atNode.Source, PacketBuilder.Tcp, PacketBuilder.Syn | PacketBuilder.Ack));
        Forward(rig, client, PacketBuilder.Ack).Source.Should().Be(atNode.Source);
    }

    private static ParsedFrame Forward(PacketRig rig, IPEndPoint client, byte flags)
    {
        (uint verdict, byte[] frame) = rig.Run(GaleObject.XdpPublic, PacketBuilder.Build(client, World.VipFour, PacketBuilder.Tcp, flags));
        Verdict.Name(GaleObject.XdpPublic, verdict).Should().Be(Verdict.Redirect);
        return ParsedFrame.From(frame);
    }
}
