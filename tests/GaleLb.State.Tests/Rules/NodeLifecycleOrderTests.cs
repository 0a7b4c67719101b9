using System.Net;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests.Rules;

/// <summary>The rows of docs/node-lifecycle.md that an order of people begins, and the end of what it began.</summary>
public sealed class NodeLifecycleOrderTests
{
    private static readonly NodeHealthSettings TwoFails = new() { BlackListAfterFails = 2, BlackListExpiryMs = 60_000 };

    [Fact]
    public void Register_NameIsBlacklisted_IsBlacklisted()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(2);
        cluster.Apply(new BanNode("node-1", 60_000, "test", Force: false));
        cluster.Apply(new RemoveNode("node-1", Force: false));

        cluster.Register("node-1", "10.0.0.2").IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Blacklisted && n.FlowsRefused);
    }

    [Fact]
    public void BlacklistExpired_InItsTime_IsProbingWithoutFails()
    {
        Cluster cluster = Cluster.Founded(TwoFails).WithRoutable(3);
        cluster.Flap("node-1");
        cluster.Flap("node-1");
        cluster.Wait(59_999);
        cluster.Expire("node-1").Outcome.Should().Be(CommandOutcome.Conflict);
        cluster.Wait(1);

        cluster.Expire("node-1").IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Probing && n.Fails == 0 && !n.FlowsRefused);
        cluster.State.Blacklist.Should().BeEmpty();
    }

    [Fact]
    public void Unban_Blacklisted_IsProbingWithoutFails()
    {
        Cluster cluster = Cluster.Founded(TwoFails).WithRoutable(3);
        cluster.Flap("node-1");
        cluster.Flap("node-1");

        cluster.Apply(new UnbanNode("node-1")).IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Probing && n.Fails == 0);
    }

    [Fact]
    public void Ban_Routable_IsBlacklistedAndItsFlowsAreRefusedAtOnce()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);

        cluster.Apply(new BanNode("node-1", 7_000, "noisy", Force: false)).IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Blacklisted && n.FlowsRefused);
        cluster.State.Blacklist["node-1"].Should().Match<BlacklistEntry>(e => e.Ordered && e.Reason == "noisy" && e.Until == cluster.State.LogTime.Plus(7_000));
    }

    [Fact]
    public void Ban_BannedNode_ReplacesTheEntry()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        cluster.Apply(new BanNode("node-1", 7_000, "first", Force: false));
        LogIndex first = cluster.State.Blacklist["node-1"].LastChange;

        cluster.Apply(new BanNode("node-1", 99_000, "second", Force: false)).IsOk.Should().BeTrue();
        cluster.Wait(7_000);

        cluster.Apply(new BlacklistExpired("node-1", first)).Outcome.Should().Be(CommandOutcome.PreconditionFailed);
        cluster.Node("node-1").Phase.Should().Be(NodePhase.Blacklisted);
    }

    [Fact]
    public void Remove_AnyNode_GoesAndItsFlowsAreRefused()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        NodePlace place = cluster.Node("node-1").Place!;

        cluster.Apply(new RemoveNode("node-1", Force: false)).IsOk.Should().BeTrue();

        cluster.State.FindNode("node-1").Should().BeNull();
        cluster.Table().Nodes.Single(n => n.Index == place.Index).Flows.Should().Be(NodeFlows.Refuse);
        cluster.Shares("web").Keys.Should().Equal("node-2", "node-3");
    }

    [Fact]
    public void Drain_Routable_LeavesTheRingAndKeepsItsFlows()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);

        cluster.Apply(new DrainNode("node-1", Force: false)).IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.State == NodeState.Draining && n.Phase == NodePhase.Routable && !n.FlowsRefused);
        cluster.Shares("web").Keys.Should().Equal("node-2", "node-3");
    }

    [Fact]
    public void Drain_ThenDownAndBack_StaysDraining()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        cluster.Apply(new DrainNode("node-1", Force: false));

        cluster.Flap("node-1");

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.State == NodeState.Draining && n.Phase == NodePhase.Routable && n.Fails == 1);
    }

    [Fact]
    public void Undrain_Draining_ReturnsToTheRingWithoutFails()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(3);
        cluster.Flap("node-1");
        cluster.Apply(new DrainNode("node-1", Force: false));

        cluster.Apply(new UndrainNode("node-1")).IsOk.Should().BeTrue();

        cluster.Node("node-1").Should().Match<NodeRecord>(n => n.State == NodeState.Routable && n.Fails == 0);
        cluster.Shares("web").Should().ContainKey("node-1");
    }
}
