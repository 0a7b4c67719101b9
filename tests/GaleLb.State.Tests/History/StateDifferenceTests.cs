using System.Net;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.History;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests.History;

public sealed class StateDifferenceTests
{
    [Fact]
    public void Between_AStateAndItself_IsNothing()
    {
        ClusterState state = Cluster.Founded().WithRoutable(2).State;

        StateDifference none = StateDifference.Between(state, state);

        IsNothing(none).Should().BeTrue();
    }

    [Fact]
    public void Between_AnOrderAndItsOpposite_IsNothing()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        ClusterState before = cluster.State;
        cluster.Apply(new DrainNode("node-1", Force: false));
        cluster.Apply(new UndrainNode("node-1"));

        IsNothing(StateDifference.Between(before, cluster.State)).Should().BeTrue();
    }

    [Fact]
    public void Between_ADrain_NamesTheNodesFieldsAndTheSlots()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        ClusterState before = cluster.State;
        cluster.Apply(new DrainNode("node-2", Force: false)).IsOk.Should().BeTrue();

        StateDifference difference = StateDifference.Between(before, cluster.State);

        ItemDifference node = difference.Nodes.Should().ContainSingle().Subject;
        (node.Id, node.Change).Should().Be(("node-2", Change.Changed));
        node.Fields.Should().Equal(new FieldDifference("draining", null, "true"), new FieldDifference("state", "routable", "draining"));
        difference.Services.Single().Fields.Should().Equal(new FieldDifference("nodes", "3", "2"));
        difference.Slots.Single().Moves.Should().AllSatisfy(m => m.To.Should().NotBe("node-2"));
        difference.Slots.Single().Moved.Should().BeGreaterThanOrEqualTo(ForwardingTable.RingSlots / 3);
        (difference.Settings.IsEmpty, difference.Blacklist.IsEmpty, difference.Blocks.IsEmpty).Should().Be((true, true, true));
    }

    [Fact]
    public void Between_WhatCameAndWent_IsAddedAndRemoved()
    {
        Cluster cluster = Cluster.Founded(services: [Cluster.Web, Cluster.Service("dns", 53)]).WithRoutable(3);
        ClusterState before = cluster.State;
        cluster.Apply(new RemoveNode("node-1", Force: true));
        cluster.Route("node-9", "10.0.9.9");
        cluster.Apply(new RemoveService("dns"));
        cluster.Apply(new AddService(Cluster.Service("mail", 25)));
        cluster.Apply(new BlockClients(new ClientPrefix(IPAddress.Parse("192.0.2.0"), 24), null, "noise"));
        cluster.Apply(new BanNode("node-2", 60_000, "disk", Force: true));

        StateDifference difference = StateDifference.Between(before, cluster.State);

        difference.Nodes.Select(n => (n.Id, n.Change)).Should().Equal(
            ("node-1", Change.Removed), ("node-2", Change.Changed), ("node-9", Change.Added));
        difference.Nodes[0].Fields.Should().Contain(new FieldDifference("address", "10.0.0.2", null)).And.AllSatisfy(f => f.To.Should().BeNull());
        difference.Nodes[2].Fields.Should().Contain(new FieldDifference("address", null, "10.0.9.9")).And.AllSatisfy(f => f.From.Should().BeNull());
        difference.Services.Select(s => (s.Id, s.Change)).Should().Contain([("dns", Change.Removed), ("mail", Change.Added)]);
        difference.Blocks.Select(b => (b.Id, b.Change)).Should().Equal(("192.0.2.0/24", Change.Added));
        difference.Blacklist.Single().Fields.Should().Contain(new FieldDifference("reason", null, "disk"));
    }

    [Fact]
    public void Between_ASwitchOfSettings_NamesTheKeys()
    {
        Cluster cluster = Cluster.Founded();
        ClusterState before = cluster.State;
        ClusterSettings next = new(new NodeHealthSettings { ChecksBeforeRouting = 7 }, [Cluster.Web]);
        cluster.Apply(new StageSettings(next));
        StateDifference staged = StateDifference.Between(before, cluster.State);
        cluster.Apply(new SwitchSettings(cluster.State.Staged!.Index));

        staged.Settings.Should().Contain(new FieldDifference("staged.node_health.checks_before_routing", null, "7"));
        StateDifference.Between(before, cluster.State).Settings.Should().Equal(
            new FieldDifference("baseline.node_health.checks_before_routing", "3", "7"),
            new FieldDifference("node_health.checks_before_routing", "3", "7"));
    }

    [Fact]
    public void Between_StatesTheOtherWayRound_IsTheOpposite()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        ClusterState before = cluster.State;
        cluster.Route("node-9", "10.0.9.9");

        StateDifference there = StateDifference.Between(before, cluster.State);
        StateDifference back = StateDifference.Between(cluster.State, before);

        back.Nodes.Should().ContainSingle().Which.Change.Should().Be(Change.Removed);
        back.Slots.Single().Moves.Should().BeEquivalentTo(there.Slots.Single().Moves.Select(m => new { From = m.To, To = m.From, m.Slots }));
    }

    [Fact]
    public void Between_ARingsNumberThatCameBackForOthers_StillTellsTheSlots()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        ClusterState before = cluster.State;
        cluster.Apply(new DrainNode("node-1", Force: false));
        cluster.Apply(new UndrainNode("node-1"));
        cluster.Apply(new DrainNode("node-2", Force: false));
        while (cluster.State.FindService("web")!.Ring != before.FindService("web")!.Ring)
            cluster.Apply(new SetNodeWeight("node-3", (ushort)(50 + cluster.State.AppliedIndex.Value), Force: false));

        StateDifference.Between(before, cluster.State).Slots.Should().ContainSingle();
    }

    private static bool IsNothing(StateDifference difference) =>
        difference.Settings.IsEmpty && difference.Services.IsEmpty && difference.Nodes.IsEmpty && difference.Blacklist.IsEmpty
        && difference.Blocks.IsEmpty && difference.Slots.IsEmpty;
}
