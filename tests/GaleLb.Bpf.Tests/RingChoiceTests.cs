using System.Net;
using GaleLb.Bpf.Tests.Support;
using GaleLb.DataPlane.Layout;

namespace GaleLb.Bpf.Tests;

/// <summary>The program's choice of a node against a second, plain implementation.</summary>
public abstract class RingChoiceTests(PacketRig rig)
{
    private const int Nodes = 13;
    private const int Flows = 2_000;

    [RootTheory]
    [InlineData(true, PacketBuilder.Tcp, GaleHash.FiveTuple)]
    [InlineData(true, PacketBuilder.Udp, GaleHash.FiveTuple)]
    [InlineData(true, PacketBuilder.Tcp, GaleHash.Source)]
    [InlineData(false, PacketBuilder.Tcp, GaleHash.FiveTuple)]
    [InlineData(false, PacketBuilder.Udp, GaleHash.Source)]
    public void NewFlow_AnyClient_GoesToTheNodeOfTheModel(bool ipv4, byte protocol, GaleHash hash)
    {
        World.SetUp(rig, Nodes, NodeOfSlot, hash);
        for (int number = 0; number < Flows; number++)
        {
            IPEndPoint client = World.Client(ipv4, number * 31);
            (uint verdict, byte[] frame) = rig.Run(
                GaleObject.XdpPublic, PacketBuilder.Build(client, World.Vip(ipv4), protocol, PacketBuilder.Syn));

            Verdict.Name(GaleObject.XdpPublic, verdict).Should().Be(Verdict.Redirect);
            int slot = RingModel.Slot(client, World.Vip(ipv4), protocol, hash == GaleHash.Source, World.Seed);
            ParsedFrame.From(frame).Destination.Address.Should().Be(World.Node(ipv4, NodeOfSlot(slot)), $"{client} has slot {slot}");
        }
    }

    [Fact]
    public void Model_ManyClients_SpreadsThemEvenly()
    {
        int[] perPart = new int[10];
        for (int number = 0; number < 50_000; number++)
            perPart[(int)((long)RingModel.Slot(World.Client(true, number), World.VipFour, PacketBuilder.Tcp, false, World.Seed) * 10 / 65_537)]++;

        perPart.Should().AllSatisfy(count => count.Should().BeInRange(4_700, 5_300));
    }

    /// <summary>All replicas must choose alike, also while their versions differ: the function is frozen.</summary>
    [Theory]
    [InlineData("198.51.100.10:40001", "203.0.113.80:80", false, 7u, 2181504366u)]
    [InlineData("198.51.100.10:40001", "203.0.113.80:80", true, 7u, 1011312400u)]
    [InlineData("[2001:db8:c::10]:40001", "[2001:db8:f::80]:80", false, 99u, 279308957u)]
    public void Model_GivenTuple_KeepsItsValue(string client, string vip, bool sourceOnly, uint seed, uint expected) =>
        RingModel.Hash(IPEndPoint.Parse(client), IPEndPoint.Parse(vip), PacketBuilder.Tcp, sourceOnly, seed).Should().Be(expected);

    private static ushort NodeOfSlot(int slot) => (ushort)(slot * 2654435761L % 1_000_003 % Nodes);
}

public sealed class RingChoiceTestsInXdp(PacketRig rig) : RingChoiceTests(rig), IClassFixture<PacketRig>;

public sealed class RingChoiceTestsInTc(TcPacketRig rig) : RingChoiceTests(rig), IClassFixture<TcPacketRig>;
