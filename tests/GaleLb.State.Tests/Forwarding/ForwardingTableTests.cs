using System.Net;
using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;

namespace GaleLb.State.Tests.Forwarding;

public sealed class ForwardingTableTests
{
    [Fact]
    public void Derive_ThreeRoutableNodes_SharesTheSlotsAmongThem()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);

        cluster.Shares("web").Values.Should().OnlyContain(slots => slots == 21845 || slots == 21846);
        cluster.Shares("web").Values.Sum().Should().Be(ForwardingTable.RingSlots);
    }

    [Fact]
    public void Derive_ProbingNode_HasARowAndNoSlot()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(1);
        cluster.Apply(new NodeRegister("late", LogIndex.Zero, Cluster.At("10.9.9.9"), Serving: true));

        cluster.Table().Nodes.Select(n => n.Name).Should().BeEquivalentTo(["node-1", "late"]);
        cluster.Shares("web").Keys.Should().Equal("node-1");
    }

    [Fact]
    public void Derive_NoNodes_ServiceHasNoRing()
    {
        ForwardingTable table = Cluster.Founded().Table();

        table.Services.Should().ContainSingle().Which.Ring.Should().BeNull();
        table.Rings.Should().BeEmpty();
    }

    [Fact]
    public void Derive_ServicesWithEqualNodes_ShareARing()
    {
        Cluster cluster = Cluster.Founded(null, Cluster.Service("a", 1), Cluster.Service("b", 2), Cluster.Service("c", 3)).WithRoutable(2);
        cluster.Route("only-c", "10.1.1.1", services: "c");

        ForwardingTable table = cluster.Table();

        table.Services[0].Ring.Should().Be(table.Services[1].Ring);
        table.Services[2].Ring.Should().NotBe(table.Services[0].Ring);
        table.Rings.Should().HaveCount(2);
    }

    [Fact]
    public void Next_NodeOfOneServiceChanges_OtherRingIsTheSameObject()
    {
        Cluster cluster = Cluster.Founded(null, Cluster.Service("a", 1), Cluster.Service("b", 2));
        cluster.Route("a-1", "10.0.0.1", services: "a");
        cluster.Route("b-1", "10.0.0.2", services: "b");
        ForwardingTableBuilder builder = new();
        ForwardingTable before = builder.Next(cluster.State);

        cluster.Route("b-2", "10.0.0.3", services: "b");
        ForwardingTable after = builder.Next(cluster.State);

        RingRow Ring(ForwardingTable table, int service) => table.Rings.Single(r => r.Id == table.Services[service].Ring);
        Ring(after, 0).Should().BeSameAs(Ring(before, 0));
        Ring(after, 1).Id.Should().NotBe(Ring(before, 1).Id, "a changed ring has another number");
        after.Nodes[0].Should().BeSameAs(before.Nodes[0]);
    }

    [Fact]
    public void Derive_OneRingGoesAndAnotherComesInOneEntry_NumbersDiffer()
    {
        Cluster cluster = Cluster.Founded(null, Cluster.Service("a", 1));
        cluster.Route("n1", "10.0.0.1", services: "a");
        cluster.Route("n2", "10.0.0.2", services: "b");
        RingId before = cluster.Table().Services.Single().Ring!.Value;

        cluster.Apply(new Batch([new RemoveService("a"), new AddService(Cluster.Service("b", 2))])).Items
            .Should().OnlyContain(i => i.IsOk);

        cluster.Table().Services.Single().Ring.Should().NotBe(before, "the kernel may still use that number for the other content");
    }

    [Fact]
    public void Next_AfterAnyHistory_EqualsAFreshDerivation()
    {
        Cluster cluster = Cluster.Founded(null, Cluster.Service("a", 1), Cluster.Service("b", 2));
        ForwardingTableBuilder builder = new();
        for (int i = 0; i < 12; i++)
        {
            cluster.Route($"n-{i}", $"10.0.0.{i + 1}", weight: (ushort)(1 + (i % 3 * 50)), services: i % 2 == 0 ? "a" : "b");
            if (i % 4 == 3)
                cluster.Down($"n-{i - 1}");
            ForwardingTable incremental = builder.Next(cluster.State);
            ForwardingTable fresh = cluster.Table();
            incremental.Digest.Should().Be(fresh.Digest);
            incremental.Services.Should().Equal(fresh.Services);
            incremental.Nodes.Should().Equal(fresh.Nodes);
            incremental.Rings.Zip(fresh.Rings).Should().OnlyContain(p => p.First.Id == p.Second.Id && p.First.Slots.SequenceEqual(p.Second.Slots));
        }
    }

    [Fact]
    public void Derive_OtherOrderOfRegistration_GivesEachNodeTheSameSlots()
    {
        // Indexes follow the order of registration, so the tables differ; which node a slot belongs to does not.
        Cluster one = Cluster.Founded();
        Cluster other = Cluster.Founded();
        one.Route("x", "10.0.0.1");
        one.Route("y", "10.0.0.2");
        other.Route("y", "10.0.0.2");
        other.Route("x", "10.0.0.1");

        SlotNames(one.Table()).SequenceEqual(SlotNames(other.Table())).Should().BeTrue();
        one.Table().Digest.Should().NotBe(other.Table().Digest);
    }

    [Fact]
    public void Digest_AnyRowChanges_Changes()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        HashSet<string> digests = [cluster.Table().Digest];

        cluster.Apply(new SetNodeWeight("node-1", 50, Force: false));
        digests.Add(cluster.Table().Digest).Should().BeTrue("a ring changed");
        cluster.Apply(new AddService(Cluster.Service("more", 99)));
        digests.Add(cluster.Table().Digest).Should().BeTrue("a service came");
        cluster.Apply(new BanNode("node-1", null, "test", Force: false));
        digests.Add(cluster.Table().Digest).Should().BeTrue("flows are refused");
    }

    [Fact]
    public void Next_EntryThatChangesNoRow_KeepsTheDigestAndTakesTheIndex()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(1);
        ForwardingTableBuilder builder = new();
        ForwardingTable before = builder.Next(cluster.State);
        cluster.Apply(new UnbanNode("node-1")).Outcome.Should().Be(CommandOutcome.NotFound);

        ForwardingTable after = builder.Next(cluster.State);

        after.Index.Should().Be(before.Index.Next());
        after.Digest.Should().Be(before.Digest);
        after.Nodes.Should().Equal(before.Nodes);
    }

    [Fact]
    public void Next_BlocksAlone_KeepTheRowsAndGiveTheDigestOfATableFromNothing()
    {
        ClientPrefix prefix = new(IPAddress.Parse("198.51.100.0"), 24);
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        ForwardingTableBuilder builder = new();
        ForwardingTable before = builder.Next(cluster.State);

        foreach (BlockOrder order in new BlockOrder[] { new BlockClients(prefix, null, ""), new UnblockClients(prefix), new BlockClients(prefix, null, "") })
        {
            cluster.Apply(order).IsOk.Should().BeTrue();
            ForwardingTable after = builder.Next(cluster.State);

            (after.Index, after.Digest).Should().Be((cluster.State.AppliedIndex, cluster.Table().Digest));
            after.Blocks.Should().Equal(cluster.State.Blocks.Keys);
            after.Rings.Single().Should().BeSameAs(before.Rings.Single());
        }
    }

    private static IEnumerable<string> SlotNames(ForwardingTable table)
    {
        Dictionary<NodeIndex, string> names = table.Nodes.ToDictionary(n => n.Index, n => n.Name);
        return table.Rings.Single().Slots.Select(s => names[s]);
    }
}
