using System.Net;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests.Rules;

/// <summary>Rows of docs/node-lifecycle.md, which names the test of each: what heartbeats and their absence do.</summary>
public sealed class NodeLifecycleTests
{
    private static readonly NodeHealthSettings NeverBlacklist = new() { BlackListAfterFails = -1, MaxEjectSharePermille = 1000 };
    private static readonly NodeHealthSettings TwoFails = new() { BlackListAfterFails = 2, BlackListExpiryMs = 60_000 };

    [Fact]
    public void Register_UnknownServing_IsProbing()
    {
        Cluster cluster = Cluster.Founded();

        cluster.Register("n", "10.0.0.1").IsOk.Should().BeTrue();

        cluster.Node("n").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Probing && n.Fails == 0 && !n.FlowsRefused);
        cluster.Node("n").Place.Should().Be(new NodePlace(new NodeIndex(1), new Generation(1), IPAddress.Parse("10.0.0.1")));
    }

    [Fact]
    public void Register_UnknownNotServing_IsDownWithoutAFail()
    {
        Cluster cluster = Cluster.Founded();

        cluster.Apply(new NodeRegister("n", LogIndex.Zero, Cluster.At("10.0.0.1"), Serving: false));

        cluster.Node("n").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Down && n.DownReason == DownReason.NotServing && n.Fails == 0);
    }

    [Fact]
    public void Routable_Probing_EntersTheRing()
    {
        Cluster cluster = Cluster.Founded();
        cluster.Register("n", "10.0.0.1");

        cluster.Apply(new NodeRoutable("n", cluster.Seen("n"))).IsOk.Should().BeTrue();

        cluster.Node("n").Phase.Should().Be(NodePhase.Routable);
        cluster.Shares("web").Keys.Should().Equal("n");
    }

    [Theory]
    [InlineData(DownReason.Timeout, 1)]
    [InlineData(DownReason.NotServing, 1)]
    [InlineData(DownReason.Leaving, 0)]
    [InlineData(DownReason.Silent, 0)]
    public void Down_Probing_CountsAFailUnlessItLeftOrWasGone(DownReason reason, int fails)
    {
        Cluster cluster = Cluster.Founded();
        cluster.Register("n", "10.0.0.1");

        cluster.Down("n", reason).IsOk.Should().BeTrue();

        cluster.Node("n").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Down && n.DownReason == reason && n.Fails == fails);
    }

    [Theory]
    [InlineData(DownReason.Timeout, 1)]
    [InlineData(DownReason.NotServing, 1)]
    [InlineData(DownReason.Leaving, 0)]
    public void Down_Routable_LeavesTheRingAndKeepsItsFlows(DownReason reason, int fails)
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);

        cluster.Down("node-1", reason).IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Down && n.DownReason == reason && n.Fails == fails);
        cluster.Shares("web").Keys.Should().Equal("node-2", "node-3");
        cluster.Table().Nodes.Single(n => n.Name == "node-1").Flows.Should().Be(NodeFlows.Keep);
    }

    [Fact]
    public void Down_FailsReachTheLimit_IsBlacklistedInLogTime()
    {
        Cluster cluster = Cluster.Founded(TwoFails).WithRoutable(3);
        cluster.Flap("node-1");
        cluster.Flap("node-1");

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Blacklisted && n.Fails == 2 && !n.FlowsRefused);
        BlacklistEntry entry = cluster.State.Blacklist["node-1"];
        entry.Until.Should().Be(cluster.State.LogTime.Plus(60_000));
        entry.Ordered.Should().BeFalse();
        entry.Reason.Should().Contain("fail 2 of 2");
    }

    [Fact]
    public void Down_LimitIsMinusOne_NeverBlacklists()
    {
        Cluster cluster = Cluster.Founded(NeverBlacklist).WithRoutable(3);

        for (int i = 0; i < 20; i++)
            cluster.Flap("node-1");

        cluster.Node("node-1").Fails.Should().Be(20);
        cluster.State.Blacklist.Should().BeEmpty();
    }

    [Fact]
    public void Register_OtherAddress_IsProbedAtAnotherPlace()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        NodePlace before = cluster.Node("node-1").Place!;

        cluster.Register("node-1", "10.5.5.5").IsOk.Should().BeTrue();

        NodeRecord node = cluster.Node("node-1");
        node.Phase.Should().Be(NodePhase.Probing);
        node.Place!.Index.Should().NotBe(before.Index);
        node.Place.Generation.Value.Should().BeGreaterThan(before.Generation.Value);
        cluster.Table().Nodes.Single(n => n.Address.Equals(before.Address)).Flows.Should().Be(NodeFlows.Refuse);
    }

    [Fact]
    public void Register_OtherPort_IsProbedAtTheSamePlace()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        NodePlace before = cluster.Node("node-1").Place!;

        cluster.Apply(new NodeRegister("node-1", cluster.Seen("node-1"), Cluster.At(before.Address.ToString(), port: 81), Serving: true));

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Probing && n.Place == before && n.Port == 81);
    }

    [Fact]
    public void Register_OtherWeightServicesOrProcess_StaysRoutable()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        NodePlace before = cluster.Node("node-1").Place!;

        cluster.Apply(new NodeRegister(
            "node-1", cluster.Seen("node-1"), Cluster.At(before.Address.ToString(), instance: 9, weight: 50, services: "web"), Serving: true));

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Routable && n.Instance == 9 && n.Place == before);
        cluster.Shares("web")["node-1"].Should().BeCloseTo(ForwardingTable.RingSlots / 3, 2);
    }

    [Fact]
    public void FailsReset_RoutableForBlackListExpiry_ForgivesFails()
    {
        Cluster cluster = Cluster.Founded(TwoFails).WithRoutable(3);
        cluster.Flap("node-1");
        cluster.Wait(59_999);
        cluster.Apply(new NodeFailsReset("node-1", cluster.Seen("node-1"))).Outcome.Should().Be(CommandOutcome.Conflict);
        cluster.Wait(1);

        cluster.Apply(new NodeFailsReset("node-1", cluster.Seen("node-1"))).IsOk.Should().BeTrue();

        cluster.Node("node-1").Fails.Should().Be(0);
    }

    [Theory]
    [InlineData(NodePhase.Probing)]
    [InlineData(NodePhase.Routable)]
    [InlineData(NodePhase.Down)]
    public void Down_AddressLost_HasNoPlaceAndNoFail(NodePhase from)
    {
        Cluster cluster = Cluster.Founded().WithRoutable(1);
        cluster.Register("n", "10.7.7.7");
        if (from == NodePhase.Routable)
            cluster.Apply(new NodeRoutable("n", cluster.Seen("n")));
        if (from == NodePhase.Down)
            cluster.Down("n", DownReason.Leaving);
        cluster.Node("n").Phase.Should().Be(from);

        cluster.Down("n", DownReason.AddressLost).IsOk.Should().BeTrue();

        cluster.Node("n").Should().Match<NodeRecord>(
            n => n.Phase == NodePhase.Down && n.DownReason == DownReason.AddressLost && n.Place == null && n.Fails == 0);
        cluster.Table().Nodes.Should().NotContain(n => n.Name == "n");
    }

    [Fact]
    public void Down_AddressLostWhileBlacklisted_StaysBlacklistedThenDown()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        cluster.Apply(new BanNode("node-1", 1_000, "test", Force: false));
        cluster.Down("node-1", DownReason.AddressLost).IsOk.Should().BeTrue();
        cluster.Node("node-1").Phase.Should().Be(NodePhase.Blacklisted);
        cluster.Wait(1_000);

        cluster.Expire("node-1").IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Down && n.DownReason == DownReason.AddressLost);
    }

    [Fact]
    public void Register_AddressOfADownNode_TakesItOver()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        NodePlace before = cluster.Node("node-1").Place!;
        cluster.Down("node-1");

        cluster.Register("heir", before.Address.ToString()).IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Place == null && n.DownReason == DownReason.AddressLost && n.Fails == 1);
        cluster.Node("heir").Place!.Generation.Value.Should().BeGreaterThan(before.Generation.Value);
        cluster.Table().Nodes.Should().ContainSingle(n => n.Address.Equals(before.Address)).Which.Name.Should().Be("heir");
    }

    [Theory]
    [InlineData(NodePhase.Probing)]
    [InlineData(NodePhase.Routable)]
    [InlineData(NodePhase.Blacklisted)]
    public void Register_AddressOfANodeThatIsNotDown_IsRefused(NodePhase holder)
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        if (holder == NodePhase.Probing)
            cluster.Apply(new NodeRegister("node-1", cluster.Seen("node-1"), Cluster.At("10.0.0.2", port: 9), Serving: true));
        if (holder == NodePhase.Blacklisted)
            cluster.Apply(new BanNode("node-1", null, "", Force: false));
        cluster.Node("node-1").Phase.Should().Be(holder);

        CommandAnswer answer = cluster.Register("thief", "10.0.0.2");

        answer.Should().Match<CommandAnswer>(a => a.Outcome == CommandOutcome.Conflict && a.Field == "address");
        cluster.State.FindNode("thief").Should().BeNull();
    }

    [Fact]
    public void Returned_Down_IsProbingAndItsFlowsAreKept()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        cluster.Down("node-1");
        cluster.Wait(30_000);
        cluster.Apply(new NodeFlowsRefused("node-1", cluster.Seen("node-1"))).IsOk.Should().BeTrue();

        cluster.Apply(new NodeReturned("node-1", cluster.Seen("node-1"))).IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(
            n => n.Phase == NodePhase.Probing && !n.FlowsRefused && n.DownReason == DownReason.None && n.Fails == 1);
    }

    [Fact]
    public void Register_DownAndServing_IsProbing()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        cluster.Down("node-1", DownReason.AddressLost);

        cluster.Register("node-1", "10.6.6.6").IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Probing && n.Place!.Address.Equals(IPAddress.Parse("10.6.6.6")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FlowsRefused_OutForFlowGrace_GivesTheFlowsUp(bool blacklisted)
    {
        Cluster cluster = Cluster.Founded(new NodeHealthSettings { BlackListAfterFails = blacklisted ? 1 : 5 }).WithRoutable(3);
        cluster.Down("node-1");
        cluster.Node("node-1").Phase.Should().Be(blacklisted ? NodePhase.Blacklisted : NodePhase.Down);
        cluster.Wait(29_999);
        cluster.Apply(new NodeFlowsRefused("node-1", cluster.Seen("node-1"))).Outcome.Should().Be(CommandOutcome.Conflict);
        cluster.Wait(1);

        cluster.Apply(new NodeFlowsRefused("node-1", cluster.Seen("node-1"))).IsOk.Should().BeTrue();

        cluster.Table().Nodes.Single(n => n.Name == "node-1").Flows.Should().Be(NodeFlows.Refuse);
    }

    [Fact]
    public void Forget_DownForForgetAfter_RetiresThePlaceUntilItIsReleased()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        NodePlace place = cluster.Node("node-1").Place!;
        cluster.Down("node-1");
        cluster.Wait(86_399_999);
        cluster.Apply(new NodeForget("node-1", cluster.Seen("node-1"))).Outcome.Should().Be(CommandOutcome.Conflict);
        cluster.Wait(1);

        cluster.Apply(new NodeForget("node-1", cluster.Seen("node-1"))).IsOk.Should().BeTrue();
        cluster.State.FindNode("node-1").Should().BeNull();
        cluster.Table().Nodes.Single(n => n.Index == place.Index).Flows.Should().Be(NodeFlows.Refuse);

        cluster.Apply(new PlaceReleased(place.Index, place.Generation)).Outcome.Should().Be(CommandOutcome.Conflict);
        cluster.Wait(30_000);
        cluster.Apply(new PlaceReleased(place.Index, place.Generation)).IsOk.Should().BeTrue();
        cluster.Table().Nodes.Should().NotContain(n => n.Index == place.Index);
    }

    [Fact]
    public void ServiceHealth_OneService_LeavesThatRingOnly()
    {
        Cluster cluster = Cluster.Founded(null, Cluster.Service("a", 1), Cluster.Service("b", 2)).WithRoutable(2);

        cluster.Apply(new NodeServiceHealth("node-1", cluster.Seen("node-1"), ["b"])).IsOk.Should().BeTrue();

        cluster.Shares("a").Keys.Should().Equal("node-1", "node-2");
        cluster.Shares("b").Keys.Should().Equal("node-2");
        cluster.Node("node-1").Fails.Should().Be(0);
    }

    [Fact]
    public void Decision_OutOfTurn_IsRefusedAndChangesNothing()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(1);
        NodeRecord before = cluster.Node("node-1");
        LogIndex seen = before.LastChange;
        Command[] decisions =
        [
            new NodeReturned("node-1", seen), new NodeRoutable("node-1", seen), new NodeSuspectCleared("node-1", seen),
            new NodeFlowsRefused("node-1", seen), new NodeFailsReset("node-1", seen), new NodeForget("node-1", seen),
        ];

        foreach (Command decision in decisions)
            cluster.Apply(decision).Outcome.Should().Be(CommandOutcome.Conflict, "{0} is out of turn", decision.Kind);

        cluster.Node("node-1").Should().BeSameAs(before);
    }

    [Fact]
    public void Decision_AnyTransition_IsToldAsAnEventWithItsCause()
    {
        Cluster cluster = Cluster.Founded(TwoFails).WithRoutable(3);
        cluster.Flap("node-1");

        cluster.State.Events.Where(e => e.Subject == "node-1").Select(e => e.Kind).Should().Equal(
            EventKind.NodeRegistered, EventKind.NodeRoutable, EventKind.NodeDown, EventKind.NodeReturned, EventKind.NodeRoutable);
        StateEvent down = cluster.State.Events.Single(e => e.Kind == EventKind.NodeDown);
        down.Cause.Should().Be("no heartbeat within checks_timeout, fail 1 of 2");
        down.Index.Value.Should().BeGreaterThan(0);
        down.Origin.Should().Be("leader");
    }
}
