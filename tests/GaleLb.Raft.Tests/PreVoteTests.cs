using GaleLb.Raft.Tests.Harness;
using static GaleLb.Raft.Tests.Harness.TestCluster;

namespace GaleLb.Raft.Tests;

/// <summary>Thesis §9.6 (pre-vote), §6.2 (check-quorum), §4.2.3 (leader stickiness).</summary>
public sealed class PreVoteTests
{
    [Fact]
    public void PreVoteRequest_Granted_ChangesNeitherTermNorVote()
    {
        TestMember voter = Alone(Voters(1, 2, 3));
        VoteRequest request = Ask(from: 2, term: 2) with { PreVote = true };
        voter.Step(request).Should().ContainSingle().Which.Should().Be(new VoteResponse(Id(1), Id(2), new Term(2), PreVote: true, Granted: true));
        voter.Core.Status.Term.Should().Be(new Term(1));
        voter.Disk.HardState.Should().Be(new HardState(new Term(1), MemberId.None));
        voter.Step(request with { From = Id(3) }).Should().ContainSingle().Which.As<VoteResponse>().Granted.Should().BeTrue("a pre-vote binds nobody");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void VoteRequest_LeaderWasHeardLately_IsIgnored(bool preVote)
    {
        TestMember follower = Alone(Voters(1, 2, 3));
        follower.Step(new HeartbeatRequest(Id(2), Id(1), new Term(2), LogIndex.Zero, 0));
        follower.Tick(9);
        follower.Step(Ask(from: 3, term: 8) with { PreVote = preVote }).Should().BeEmpty();
        follower.Core.Status.Term.Should().Be(new Term(2));
    }

    [Fact]
    public void VoteRequest_LeaderSilentForElectionTimeout_IsGranted()
    {
        TestMember follower = Alone(Voters(1, 2, 3), jitter: 5);
        follower.Step(new HeartbeatRequest(Id(2), Id(1), new Term(2), LogIndex.Zero, 0));
        follower.Tick(10);
        follower.Step(Ask(from: 3, term: 3)).Should().ContainSingle().Which.As<VoteResponse>().Granted.Should().BeTrue();
    }

    [Fact]
    public void VoteRequest_ByTransfer_WaivesStickiness()
    {
        TestMember follower = Alone(Voters(1, 2, 3));
        follower.Step(new HeartbeatRequest(Id(2), Id(1), new Term(2), LogIndex.Zero, 0));
        follower.Step(Ask(from: 3, term: 3) with { Transfer = true }).Should().ContainSingle().Which.As<VoteResponse>().Granted.Should().BeTrue();
    }

    [Fact]
    public void PreVoteRequest_OfMemberBehindInTerm_TeachesItTheTerm()
    {
        TestMember voter = Alone(Voters(1, 2, 3), terms: [6]);
        VoteRequest request = Ask(from: 2, term: 3) with { PreVote = true };
        voter.Step(request).Should().ContainSingle().Which.Should().Be(new VoteResponse(Id(1), Id(2), new Term(6), PreVote: true, Granted: false));
    }

    [Fact]
    public void Tick_LeaderHearsNoQuorum_StepsDownAfterElectionTimeout()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Isolate(1);
        cluster.Tick(1, cluster.Options.ElectionTicks - 1);
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Leader);
        cluster.Tick(1);
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Follower);
        cluster[1].Core.Status.Term.Should().Be(new Term(2));
    }

    [Fact]
    public void Tick_LeaderHearsOneOfTwo_Stays()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Cut(1, 3);
        cluster.TickAll(100);
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Leader);
        cluster[1].Core.Status.Term.Should().Be(new Term(2));
    }

    [Fact]
    public void TickAll_MemberComesBackWithLaterTerm_ClusterGoesOn()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Stop(3);
        cluster[3].Disk.Preset(new HardState(new Term(50), MemberId.None), []);
        cluster.Restart(3);
        cluster.TickAll(60);
        cluster.Members.Select(m => m.Core.Status.Leader).Distinct().Should().ContainSingle().Which.Should().NotBe(MemberId.None);
        cluster.Members.Should().OnlyContain(m => m.Core.Status.Term > new Term(50));
    }
}
