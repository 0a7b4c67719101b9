using GaleLb.State.Commands;
using GaleLb.State.Health;
using GaleLb.State.Nodes;
using GaleLb.State.Settings;

namespace GaleLb.State.Tests.Health;

public sealed class HealthJudgeTests
{
    private static readonly NodeHealthSettings Quick = new() { BlackListAfterFails = 2, BlackListExpiryMs = 20_000 };

    [Fact]
    public void Decide_NewNode_RegistersProbesAndRoutesAfterThreePasses()
    {
        Ward ward = new();
        ward.Admit("n1", "10.0.0.1");

        ward.Run(0.1);
        ward.Record("n1").Phase.Should().Be(NodePhase.Probing);
        ward.Run(1.8);
        ward.Record("n1").Phase.Should().Be(NodePhase.Probing, "two heartbeats are not three");
        ward.Run(0.3);

        ward.Record("n1").Phase.Should().Be(NodePhase.Routable);
        ward.Proposed.Should().HaveCount(2);
    }

    [Fact]
    public void Decide_SteadyNodes_ProposesNothing()
    {
        Ward ward = new Ward().AdmitRoutable(5);
        ward.Proposed.Clear();

        ward.Run(600);

        ward.Proposed.Should().BeEmpty("nothing per heartbeat goes through the log");
    }

    [Fact]
    public void Observe_HeartbeatsTooOften_CountOnePassAnInterval()
    {
        Ward ward = new();
        Patient hasty = ward.Admit("n1", "10.0.0.1");

        for (int i = 0; i < 12; i++)
        {
            hasty.NextAt = ward.Now;
            ward.Run(0.1);
        }

        ward.Record("n1").Phase.Should().Be(NodePhase.Probing, "twelve heartbeats came within one interval and a bit");
        ward.Judge.Passes("n1").Should().BeLessThan(3);
    }

    [Fact]
    public void Decide_Silence_TakesTheNodeOutOnceWithinTheTimeout()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward["n2"].Silent = true;

        TimeSpan took = ward.Until(() => ward.Record("n2").Phase == NodePhase.Down, atMost: 6);

        took.Should().BeGreaterThan(TimeSpan.FromSeconds(3.9)).And.BeLessThanOrEqualTo(TimeSpan.FromSeconds(5.2));
        ward.Run(10);
        ward.ProposedFor("n2").OfType<NodeDown>().Should().ContainSingle();
        ward.Record("n2").Fails.Should().Be(1);
    }

    [Fact]
    public void Decide_ProposalInFlight_IsNotRepeatedBeforeItSeemsLost()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward.Losing = c => c is NodeDown;
        ward["n2"].Silent = true;

        ward.Until(() => ward.ProposedFor("n2").OfType<NodeDown>().Any(), atMost: 5.1);
        ward.Run(0.8);
        ward.ProposedFor("n2").OfType<NodeDown>().Should().ContainSingle("it may still be on its way");
        ward.Losing = _ => false;
        ward.Run(0.5);

        ward.ProposedFor("n2").OfType<NodeDown>().Should().HaveCount(2);
        ward.Record("n2").Phase.Should().Be(NodePhase.Down);
    }

    [Fact]
    public void Decide_HeartbeatsWhileAProposalIsInFlight_DoNotRepeatIt()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward.Losing = c => c is NodeDown;
        ward["n2"].Status = ServingStatus.NotServing;

        for (int i = 0; i < 9; i++)
        {
            ward["n2"].NextAt = ward.Now;
            ward.Run(0.1);
        }

        ward.ProposedFor("n2").OfType<NodeDown>().Should().ContainSingle();
    }

    [Fact]
    public void Lost_Decision_IsProposedAgainAtOnce()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward.Losing = c => c is NodeDown;
        ward["n2"].Silent = true;
        ward.Until(() => ward.ProposedFor("n2").OfType<NodeDown>().Any(), atMost: 6);
        ward.Losing = _ => false;

        ward.Judge.Lost(ward.ProposedFor("n2"));
        ward.Run(0.1);

        ward.Record("n2").Phase.Should().Be(NodePhase.Down);
    }

    [Fact]
    public void Apply_DecisionProposedTwice_TakesEffectOnce()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        NodeDown down = new("n2", ward.Record("n2").LastChange, DownReason.Timeout);
        ward.Apply(down).IsOk.Should().BeTrue();
        ward.Run(5);
        ward.Record("n2").Phase.Should().Be(NodePhase.Routable, "it kept on sending heartbeats");

        ward.Apply(down).Outcome.Should().Be(CommandOutcome.PreconditionFailed);

        ward.Record("n2").Phase.Should().Be(NodePhase.Routable);
    }

    [Fact]
    public void Decide_NotServing_TakesTheNodeOutAtOnceAndProbesItAgainAfter()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward["n2"].Status = ServingStatus.NotServing;

        ward.Until(() => ward.Record("n2").Phase == NodePhase.Down, atMost: 1.1);
        ward.Record("n2").Should().Match<NodeRecord>(n => n.DownReason == DownReason.NotServing && n.Fails == 1);
        ward.Run(20);
        ward.Record("n2").Fails.Should().Be(1, "it is one fail however long it lasts");
        ward["n2"].Status = ServingStatus.Serving;

        ward.Until(() => ward.Record("n2").Phase == NodePhase.Routable, atMost: 4)
            .Should().BeGreaterThan(TimeSpan.FromSeconds(1.9), "it has to pass its checks again");
    }

    [Fact]
    public void Decide_Leaving_TakesTheNodeOutAtOnceWithoutAFail()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward["n2"].Status = ServingStatus.Leaving;
        ward.Until(() => ward.Record("n2").Phase == NodePhase.Down, atMost: 1.1);
        ward["n2"].Silent = true;

        ward.Run(20);

        ward.Record("n2").Should().Match<NodeRecord>(n => n.DownReason == DownReason.Leaving && n.Fails == 0);
    }

    [Fact]
    public void Decide_FailsReachTheLimit_BlacklistsTellsAndStartsOver()
    {
        Ward ward = new Ward(Quick).AdmitRoutable(3);
        for (int fail = 1; fail <= 2; fail++)
        {
            ward["n2"].Silent = true;
            ward.Until(() => ward.Record("n2").Phase != NodePhase.Routable, atMost: 6);
            ward["n2"].Silent = false;
            ward.Run(4);
        }

        ward.Record("n2").Phase.Should().Be(NodePhase.Blacklisted);
        HeartbeatAnswer told = ward.Answer("n2");
        told.State.Should().Be(AnsweredState.Blacklisted);
        told.BlacklistedMsLeft.Should().BeInRange(15_000, 17_000);
        told.Reason.Should().Contain("fail 2 of 2");

        ward.Until(() => ward.Record("n2").Phase == NodePhase.Probing, atMost: 17);
        ward.State.Blacklist.Should().BeEmpty();
        ward.Record("n2").Fails.Should().Be(0);
        ward.Until(() => ward.Record("n2").Phase == NodePhase.Routable, atMost: 4)
            .Should().BeGreaterThan(TimeSpan.FromSeconds(1.8), "passes made while blacklisted do not count");
    }

    [Fact]
    public void Decide_BlacklistedNodeStaysSilent_IsDownWithoutAFailAfterItsExpiry()
    {
        Ward ward = new Ward(Quick).AdmitRoutable(3);
        ward.Apply(new BanNode("n2", 8_000, "test", Force: false));
        ward["n2"].Silent = true;

        ward.Run(15);

        ward.Record("n2").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Down && n.DownReason == DownReason.Silent && n.Fails == 0);
    }

    [Fact]
    public void Decide_RoutableForBlackListExpiry_ForgivesFails()
    {
        Ward ward = new Ward(Quick).AdmitRoutable(3);
        ward["n2"].Silent = true;
        ward.Until(() => ward.Record("n2").Phase == NodePhase.Down, atMost: 6);
        ward["n2"].Silent = false;
        ward.Until(() => ward.Record("n2").Phase == NodePhase.Routable, atMost: 5);
        ward.Record("n2").Fails.Should().Be(1);

        ward.Until(() => ward.Record("n2").Fails == 0, atMost: 21).Should().BeGreaterThan(TimeSpan.FromSeconds(19));
    }

    [Fact]
    public void Decide_FlowGraceOver_RefusesFlowsAndRecoveryTakesItBack()
    {
        Ward ward = new Ward().AdmitRoutable(3);
        ward["n2"].Silent = true;
        ward.Until(() => ward.Record("n2").Phase == NodePhase.Down, atMost: 6);
        ward.Record("n2").FlowsRefused.Should().BeFalse();

        ward.Until(() => ward.Record("n2").FlowsRefused, atMost: 31).Should().BeGreaterThan(TimeSpan.FromSeconds(29));
        ward["n2"].Silent = false;
        ward.Run(1.1);

        ward.Record("n2").FlowsRefused.Should().BeFalse();
    }

    [Fact]
    public void Decide_SilentForForgetAfter_ForgetsAndReleasesThePlaceLater()
    {
        Ward ward = new Ward(new NodeHealthSettings { ForgetAfterMs = 60_000 }).AdmitRoutable(3);
        ward["n2"].Silent = true;

        ward.Until(() => ward.State.FindNode("n2") is null, atMost: 67).Should().BeGreaterThan(TimeSpan.FromSeconds(63));
        ward.State.Retired.Should().ContainSingle();
        ward.Run(31);

        ward.State.Retired.Should().BeEmpty();
    }

    [Fact]
    public void Decide_NotServingButHeard_IsNeverForgotten()
    {
        Ward ward = new Ward(new NodeHealthSettings { ForgetAfterMs = 10_000 }).AdmitRoutable(3);
        ward["n2"].Status = ServingStatus.NotServing;

        ward.Run(60);

        ward.State.FindNode("n2").Should().NotBeNull();
    }

    [Fact]
    public void Decide_MostNodesFallSilentAtOnce_KeepsTheRestAsSuspect()
    {
        Ward ward = new Ward().AdmitRoutable(10);
        for (int i = 1; i <= 10; i++)
            ward[$"n{i}"].Silent = true;

        ward.Run(120);

        ward.State.Tally.Should().Match<NodeTally>(t => t.Routable == 5 && t.Suspect == 5 && t.Down == 5);
        ward.Proposed.Count(c => c is NodeDown).Should().Be(10, "what is held back is not proposed over and over");
        ward["n10"].Silent = false;
        ward.Until(() => !ward.Record("n10").IsSuspect, atMost: 1.2);
    }

    [Fact]
    public void Decide_SixOfTenDie_AreAllOutWithinTwoTimeouts()
    {
        Ward ward = new Ward().AdmitRoutable(10);
        for (int i = 1; i <= 6; i++)
            ward[$"n{i}"].Silent = true;

        ward.Until(() => ward.State.Tally.Down == 6, atMost: 11);

        ward.State.Tally.Should().Match<NodeTally>(t => t.Routable == 4 && t.Suspect == 0);
    }

    [Fact]
    public void Decide_WeightChange_IsLoggedOnceAndLeavesTheNodeRoutable()
    {
        Ward ward = new Ward().AdmitRoutable(2);
        ward.Proposed.Clear();
        ward["n1"].Weight = 7;

        ward.Run(5);

        ward.Proposed.Should().ContainSingle().Which.Should().BeOfType<NodeRegister>();
        ward.Record("n1").Should().Match<NodeRecord>(n => n.Weight == 7 && n.Phase == NodePhase.Routable);
    }

    [Fact]
    public void Decide_OneServiceChecksBad_LeavesThatRingAtOnceAndReturnsAfterItsPasses()
    {
        Ward ward = new Ward(null, Cluster.Service("a", 1), Cluster.Service("b", 2)).AdmitRoutable(2);
        ward["n1"].NotServing = ["b"];
        ward.Run(1.1);
        ward.State.Services["a"].Input.Nodes.Should().Be(2);
        ward.State.Services["b"].Input.Nodes.Should().Be(1);

        ward["n1"].NotServing = [];
        ward.Run(1.8);
        ward.State.Services["b"].Input.Nodes.Should().Be(1, "it has to pass its checks again");
        ward.Run(2);

        ward.State.Services["b"].Input.Nodes.Should().Be(2);
        ward.Record("n1").Fails.Should().Be(0);
    }

    [Fact]
    public void Decide_FirstHeartbeatNotServing_RegistersAsDownWithoutAFail()
    {
        Ward ward = new();
        ward.Admit("n1", "10.0.0.1").Status = ServingStatus.NotServing;

        ward.Run(10);
        ward.Record("n1").Should().Match<NodeRecord>(n => n.Phase == NodePhase.Down && n.Fails == 0);
        ward["n1"].Status = ServingStatus.Serving;
        ward.Run(4);

        ward.Record("n1").Phase.Should().Be(NodePhase.Routable);
    }

    [Fact]
    public void Decide_BlockOver_EndsIt()
    {
        Ward ward = new();
        ward.Apply(new BlockClients(new(System.Net.IPAddress.Parse("192.0.2.0"), 24), 3_000, "noise")).IsOk.Should().BeTrue();

        ward.Run(2.8);
        ward.State.Blocks.Should().HaveCount(1);
        ward.Run(0.6);

        ward.State.Blocks.Should().BeEmpty();
    }
}
