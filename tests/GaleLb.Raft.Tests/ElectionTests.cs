using GaleLb.Raft.Tests.Harness;
using static GaleLb.Raft.Tests.Harness.TestCluster;

namespace GaleLb.Raft.Tests;

/// <summary>Thesis §3.4 (elections), §3.6.1 (who may win), §3.8 (what is durable first).</summary>
public sealed class ElectionTests
{
    [Fact]
    public void Tick_ElectionTimeoutPasses_FirstToTimeOutLeads()
    {
        TestCluster cluster = Established(Voters(1, 2, 3));
        cluster.TickAll(10);
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Leader);
        cluster.Members.Should().OnlyContain(m => m.Core.Status.Leader == Id(1) && m.Core.Status.Term == new Term(2));
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(9, 19)]
    public void Tick_Jitter_SpreadsTimeoutsOverOneToTwoElectionTimeouts(int jitter, int expectedTick)
    {
        TestMember member = Alone(Voters(1, 2, 3), jitter);
        member.Tick(expectedTick - 1).Should().BeEmpty();
        member.Tick().Should().AllBeOfType<VoteRequest>();
    }

    [Fact]
    public void VoteRequest_SecondCandidateOfSameTerm_IsRefused()
    {
        TestMember voter = Alone(Voters(1, 2, 3));
        voter.Step(Ask(from: 2, term: 2)).Should().ContainSingle().Which.As<VoteResponse>().Granted.Should().BeTrue();
        voter.Step(Ask(from: 3, term: 2)).Should().ContainSingle().Which.As<VoteResponse>().Granted.Should().BeFalse();
        voter.Step(Ask(from: 2, term: 2)).Should().ContainSingle().Which.As<VoteResponse>().Granted.Should().BeTrue("a repeated request is answered again");
    }

    [Fact]
    public void VoteRequest_AfterRestart_VoteIsRemembered()
    {
        TestMember voter = Alone(Voters(1, 2, 3));
        voter.Step(Ask(from: 2, term: 2));
        voter.Restart();
        voter.Step(Ask(from: 3, term: 2)).Should().ContainSingle().Which.As<VoteResponse>().Granted.Should().BeFalse();
    }

    [Theory]
    [InlineData(3, 2, true, "equal")]
    [InlineData(4, 2, true, "longer")]
    [InlineData(2, 3, true, "shorter, of a later term")]
    [InlineData(2, 2, false, "shorter")]
    [InlineData(9, 1, false, "longer, of an earlier term")]
    public void VoteRequest_OfLog_IsGrantedWhenUpToDate(ulong lastIndex, ulong lastTerm, bool granted, string log)
    {
        TestMember voter = Alone(Voters(1, 2, 3), terms: [2, 2]);
        VoteRequest request = Ask(from: 2, term: 5) with { LastIndex = new LogIndex(lastIndex), LastTerm = new Term(lastTerm) };
        voter.Step(request).Should().ContainSingle().Which.As<VoteResponse>().Granted.Should().Be(granted, log);
        voter.Core.Status.Term.Should().Be(new Term(5));
    }

    [Fact]
    public void VoteRequest_DiskStalled_GrantWaitsUntilVoteIsDurable()
    {
        TestMember voter = Alone(Voters(1, 2, 3));
        voter.DiskStalled = true;
        voter.Step(Ask(from: 2, term: 2)).Should().BeEmpty();
        voter.DiskStalled = false;
        voter.Drain().Should().ContainSingle().Which.As<VoteResponse>().Granted.Should().BeTrue();
        voter.Disk.HardState.Should().Be(new HardState(new Term(2), Id(2)));
    }

    [Fact]
    public void Campaign_DiskStalled_RequestsWaitUntilTermAndVoteAreDurable()
    {
        TestMember candidate = Alone(Voters(1, 2, 3));
        candidate.Core.Campaign();
        candidate.Drain();
        candidate.DiskStalled = true;
        candidate.Step(Grant(from: 2, term: 2, preVote: true)).Should().BeEmpty();
        candidate.Core.Status.Role.Should().Be(RaftRole.Candidate);
        candidate.DiskStalled = false;
        candidate.Drain().Should().HaveCount(2).And.AllSatisfy(m => m.As<VoteRequest>().PreVote.Should().BeFalse());
    }

    [Fact]
    public void Campaign_SingleVoter_LeadsOnlyOnceItsVoteIsDurable()
    {
        TestMember member = Alone(Voters(1));
        member.DiskStalled = true;
        member.Core.Campaign();
        member.Drain();
        member.Core.Status.Role.Should().Be(RaftRole.Candidate);
        member.DiskStalled = false;
        member.Drain();
        member.Core.Status.Role.Should().Be(RaftRole.Leader);
        member.Core.Status.CommitIndex.Should().Be(member.Core.Status.LastIndex);
    }

    [Fact]
    public void VoteResponse_OfStrangers_DoesNotCount()
    {
        TestMember candidate = Candidate(Voters(1, 2, 3));
        candidate.Step(Grant(from: 8, term: 2));
        candidate.Step(Grant(from: 9, term: 2));
        candidate.Core.Status.Role.Should().Be(RaftRole.Candidate);
        candidate.Step(Grant(from: 2, term: 2));
        candidate.Core.Status.Role.Should().Be(RaftRole.Leader);
    }

    [Fact]
    public void VoteResponse_RepeatedByOneVoter_CountsOnce()
    {
        TestMember candidate = Candidate(Voters(1, 2, 3, 4, 5));
        candidate.Step(Grant(from: 2, term: 2));
        candidate.Step(Grant(from: 2, term: 2));
        candidate.Core.Status.Role.Should().Be(RaftRole.Candidate);
    }

    [Fact]
    public void VoteResponse_OfEarlierTerm_DoesNotCount()
    {
        TestMember candidate = Candidate(Voters(1, 2, 3));
        candidate.Tick(10);
        candidate.Step(Grant(from: 3, term: 3, preVote: true));
        candidate.Core.Status.Term.Should().Be(new Term(3));
        candidate.Step(Grant(from: 2, term: 2));
        candidate.Core.Status.Role.Should().Be(RaftRole.Candidate);
    }

    [Fact]
    public void Step_LaterTerm_LeaderBecomesFollowerInIt()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster[1].Step(new HeartbeatResponse(Id(2), Id(1), new Term(9), 0));
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Follower);
        cluster[1].Core.Status.Term.Should().Be(new Term(9));
    }

    [Fact]
    public void Step_LeaderOfEarlierTerm_LearnsOurs()
    {
        TestMember member = Alone(Voters(1, 2, 3), terms: [7]);
        var stale = new AppendRequest(Id(2), Id(1), new Term(3), LogIndex.Zero, Term.Zero, [], LogIndex.Zero);
        member.Step(stale).Should().ContainSingle().Which.Term.Should().Be(new Term(7));
        member.Core.Status.Leader.Should().Be(MemberId.None);
    }

    [Fact]
    public void Step_SecondLeaderOfOneTerm_Throws()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        var impossible = new HeartbeatRequest(Id(2), Id(1), cluster[1].Core.Status.Term, LogIndex.Zero, 0);
        Action step = () => cluster[1].Core.Step(impossible);
        step.Should().Throw<InvalidOperationException>().WithMessage("Two leaders in term 2*");
    }

    [Fact]
    public void Tick_EmptyMembership_NeverCampaignsButGrants()
    {
        var member = new TestMember(Id(1), new RaftOptions { ElectionTicks = 10 }, 0);
        member.Tick(100).Should().BeEmpty();
        VoteRequest request = Ask(from: 2, term: 1) with { LastIndex = LogIndex.Zero, LastTerm = Term.Zero };
        member.Step(request).Should().ContainSingle().Which.As<VoteResponse>().Granted.Should().BeTrue();
    }

    [Fact]
    public void Tick_Learner_NeverCampaigns()
    {
        TestMember learner = Alone(Voters(2, 3).With(Learner(1)));
        learner.Tick(100).Should().BeEmpty();
    }

    [Fact]
    public void StepDown_OfLeader_NoCampaignUntilTold()
    {
        TestCluster cluster = Led(1, Voters(1));
        cluster[1].Core.StepDown();
        cluster.TickAll(100);
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Follower);
        cluster.Elect(1);
    }

    [Fact]
    public void Campaign_WithVacantSeat_CountsItInTheQuorumAndNeverWritesToIt()
    {
        TestMember member = Alone(Voters(1, 2).With(Vacant(3)));
        member.Core.Campaign();
        member.Drain().Should().ContainSingle().Which.To.Should().Be(Id(2));
        member.Core.Status.Role.Should().Be(RaftRole.PreCandidate, "one of three is no majority");
    }

    private static TestMember Candidate(Membership membership)
    {
        TestMember candidate = Alone(membership);
        candidate.Core.Campaign();
        foreach (MemberId voter in membership.Voters.Skip(1))
            candidate.Step(Grant((int)voter.Value, term: 2, preVote: true));
        candidate.Core.Status.Role.Should().Be(RaftRole.Candidate);
        return candidate;
    }
}
