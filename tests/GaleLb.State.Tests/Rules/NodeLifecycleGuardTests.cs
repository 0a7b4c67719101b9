using System.Net;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests.Rules;

/// <summary>The rows of docs/node-lifecycle.md in which a guard has its say.</summary>
public sealed class NodeLifecycleGuardTests
{
    private static readonly NodeHealthSettings NeverBlacklist = new() { BlackListAfterFails = -1, MaxEjectSharePermille = 1000 };

    [Fact]
    public void Down_MoreThanTheShareAtOnce_BecomesSuspectAndStays()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(4);
        cluster.Down("node-1");
        cluster.Down("node-2");

        CommandAnswer answer = cluster.Down("node-3");

        answer.Message.Should().Contain("max_eject_share lets 2 of 4 nodes go");
        cluster.Node("node-3").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Routable && n.IsSuspect && n.Fails == 0);
        cluster.Shares("web").Keys.Should().Equal("node-3", "node-4");
    }

    [Fact]
    public void Down_OneAfterTheOther_AllMayGo()
    {
        Cluster cluster = Cluster.Founded().WithRoutable(4);

        for (int i = 1; i <= 4; i++)
        {
            cluster.Wait(5_001);
            cluster.Down($"node-{i}");
        }

        cluster.State.Tally.Down.Should().Be(4, "the guard is against many at once");
    }

    [Fact]
    public void Down_ShareIsOne_IsOff()
    {
        Cluster cluster = Cluster.Founded(NeverBlacklist).WithRoutable(4);

        for (int i = 1; i <= 4; i++)
            cluster.Down($"node-{i}");

        cluster.State.Tally.Should().Match<NodeTally>(t => t.Down == 4 && t.Suspect == 0);
    }

    [Fact]
    public void Down_BelowMinRoutable_BecomesSuspect()
    {
        Cluster cluster = Cluster.Founded(new NodeHealthSettings { MinRoutable = 3, MaxEjectSharePermille = 1000 }).WithRoutable(3);

        cluster.Down("node-1").Message.Should().Contain("min_routable is 3");

        cluster.Node("node-1").IsSuspect.Should().BeTrue();
    }

    [Fact]
    public void Down_LeavingPastTheGuards_IsObeyed()
    {
        Cluster cluster = Cluster.Founded(new NodeHealthSettings { MinRoutable = 3, MaxEjectSharePermille = 0 }).WithRoutable(3);

        for (int i = 1; i <= 3; i++)
            cluster.Down($"node-{i}", DownReason.Leaving);

        cluster.State.Tally.Down.Should().Be(3, "a node that stops cannot be kept");
    }

    [Fact]
    public void SuspectCleared_Suspect_IsPlainRoutable()
    {
        Cluster cluster = Suspects(4, gone: 2, suspect: 1);

        cluster.Apply(new NodeSuspectCleared("node-3", cluster.Seen("node-3"))).IsOk.Should().BeTrue();

        cluster.Node("node-3").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Routable && !n.IsSuspect);
    }

    [Fact]
    public void Down_SuspectAndMostOthersAreWell_GoesAfterAnotherTimeout()
    {
        Cluster cluster = Suspects(4, gone: 2, suspect: 1);
        cluster.Down("node-3").Outcome.Should().Be(CommandOutcome.Conflict);
        cluster.Wait(5_000);

        cluster.Down("node-3").IsOk.Should().BeTrue();

        cluster.Node("node-3").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Down && n.Fails == 1 && !n.IsSuspect);
    }

    [Fact]
    public void Down_SuspectAndMostOthersAreToo_StaysForGood()
    {
        Cluster cluster = Suspects(10, gone: 5, suspect: 5);
        cluster.Wait(3_600_000);

        cluster.Down("node-6").Should().Match<CommandAnswer>(a =>
            a.Outcome == CommandOutcome.Conflict && a.Message.Contains("5 of 5 nodes are suspect", StringComparison.Ordinal));

        cluster.State.Tally.Suspect.Should().Be(5);
    }

    private static Cluster Suspects(int nodes, int gone, int suspect)
    {
        Cluster cluster = Cluster.Founded().WithRoutable(nodes);
        for (int i = 1; i <= gone + suspect; i++)
            cluster.Down($"node-{i}").IsOk.Should().BeTrue();
        cluster.State.Tally.Should().Match<NodeTally>(t => t.Down == gone && t.Suspect == suspect);
        return cluster;
    }
}
