using GaleLb.Raft.Tests.Harness;
using static GaleLb.Raft.Tests.Harness.TestCluster;

namespace GaleLb.Raft.Tests;

/// <summary>Thesis §3.10: leadership transfer.</summary>
public sealed class TransferTests
{
    [Fact]
    public void TransferLeadership_CaughtUpVoter_LeadsAtOnce()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster[1].Core.TransferLeadership(Id(3)).Should().BeTrue();
        cluster.Settle();
        cluster[3].Core.Status.Role.Should().Be(RaftRole.Leader);
    }

    [Theory]
    [InlineData(1, "itself")]
    [InlineData(4, "a learner")]
    [InlineData(9, "a stranger")]
    public void TransferLeadership_ToNoVoter_IsRefused(int to, string who) =>
        Led(1, Voters(1, 2, 3).With(Learner(4)))[1].Core.TransferLeadership(Id(to)).Should().BeFalse(who);

    [Fact]
    public void TransferLeadership_TargetSilent_ProposalsResumeAfterElectionTimeout()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Loses = m => m is TimeoutNow;
        cluster[1].Core.TransferLeadership(Id(2)).Should().BeTrue();
        cluster.Propose(1, "a").Refusal.Should().Be(ProposalRefusal.Busy);
        cluster.TickAll(cluster.Options.ElectionTicks);
        cluster.Propose(1, "a").Accepted.Should().BeTrue();
    }

    [Fact]
    public void TransferLeadership_TimeoutNowLost_IsRepeatedWithHeartbeats()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        int lost = 0;
        cluster.Loses = m => m is TimeoutNow && lost++ == 0;
        cluster[1].Core.TransferLeadership(Id(2));
        cluster.TickAll(cluster.Options.HeartbeatTicks);
        cluster[2].Core.Status.Role.Should().Be(RaftRole.Leader);
    }

    [Fact]
    public void TimeoutNow_FromOtherThanLeader_IsIgnored()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster[2].Step(new TimeoutNow(Id(3), Id(2), new Term(2)));
        cluster[2].Core.Status.Role.Should().Be(RaftRole.Follower);
    }

    [Fact]
    public void TimeoutNow_AfterStepDown_IsIgnored()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster[2].Core.StepDown();
        cluster[1].Core.TransferLeadership(Id(2));
        cluster.Settle();
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Leader);
    }
}
