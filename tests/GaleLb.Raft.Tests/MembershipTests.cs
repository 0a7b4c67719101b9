using GaleLb.Raft.Tests.Harness;
using static GaleLb.Raft.Tests.Harness.TestCluster;

namespace GaleLb.Raft.Tests;

/// <summary>Thesis ch. 4, with the author's correction of 2015.</summary>
public sealed class MembershipTests
{
    public static TheoryData<string, Membership> Unlawful => new()
    {
        { "nothing changes", Base },
        { "two are added", Base.With(Learner(4)).With(Learner(5)) },
        { "one is replaced by another", Base.Without(Id(3)).With(Learner(4)) },
        { "a voter is added at once", Base.With(Voter(4)) },
        { "a vacant seat is added", Base.With(Vacant(4)) },
        { "two share an address", Base.With(Learner(4) with { Address = Voter(1).Address }) },
        { "a member becomes vacant", Base.With(Vacant(3)) },
        { "all go but one", Voters(1) },
    };

    public static TheoryData<string, Membership> Lawful => new()
    {
        { "a learner is added", Base.With(Learner(4)) },
        { "an observer is added", Base.With(Learner(4) with { Role = MemberRole.Observer }) },
        { "a voter is removed", Base.Without(Id(3)) },
        { "the leader is removed", Base.Without(Id(1)) },
        { "a voter is demoted", Base.With(Learner(3)) },
        { "an address changes", Base.With(Voter(3) with { Address = "10.9.9.9:1" }) },
    };

    private static Membership Base => Voters(1, 2, 3);

    [Theory]
    [MemberData(nameof(Unlawful))]
    public void ProposeMembership_UnlawfulChange_IsRefused(string change, Membership membership)
    {
        TestCluster cluster = Led(1, Base);
        cluster[1].Core.ProposeMembership(membership).Refusal.Should().Be(ProposalRefusal.MembershipChangePending, change);
        cluster[1].Core.Status.Membership.Should().Be(Base);
    }

    [Theory]
    [MemberData(nameof(Lawful))]
    public void ProposeMembership_LawfulChange_IsInForceOnAppendAndCommits(string change, Membership membership)
    {
        TestCluster cluster = Led(1, Base);
        cluster[1].Core.ProposeMembership(membership).Accepted.Should().BeTrue(change);
        cluster[1].Core.Status.Membership.Should().Be(membership);
        cluster.Settle();
        cluster[2].Core.Status.Membership.Should().Be(membership);
        cluster[2].Core.Status.CommitIndex.Should().BeGreaterThanOrEqualTo(new LogIndex(3));
    }

    [Fact]
    public void ProposeMembership_OneIsPending_IsRefused()
    {
        TestCluster cluster = Led(1, Base);
        cluster.Isolate(1);
        cluster[1].Core.ProposeMembership(Base.With(Learner(4))).Accepted.Should().BeTrue();
        cluster[1].Core.ProposeMembership(Base.With(Learner(4)).With(Learner(5))).Refusal.Should().Be(ProposalRefusal.MembershipChangePending);
    }

    [Fact]
    public void ProposeMembership_NothingCommittedInTerm_IsRefused()
    {
        TestCluster cluster = Established(Base);
        cluster.Loses = m => m is AppendRequest;
        cluster.Elect(1);
        cluster[1].Core.ProposeMembership(Base.With(Learner(4))).Refusal.Should().Be(ProposalRefusal.MembershipChangePending);
        cluster.Loses = _ => false;
        cluster.TickAll(4);
        cluster[1].Core.ProposeMembership(Base.With(Learner(4))).Accepted.Should().BeTrue();
    }

    [Fact]
    public void ProposeMembership_TruncatedLater_IsRolledBack()
    {
        TestCluster cluster = Led(1, Base);
        cluster.Isolate(1);
        cluster[1].Core.ProposeMembership(Base.Without(Id(3)));
        cluster.Settle();
        cluster.TickAll(30);
        cluster.Heal();
        cluster.TickAll(10);
        cluster[1].Core.Status.Membership.Should().Be(Base);
    }

    [Fact]
    public void ProposeMembership_AddressOfAnotherSeatThatIsFreed_MayBeTaken()
    {
        TestCluster cluster = Led(1, Voters(1, 2).With(Vacant(3)));
        Member newcomer = Learner(4) with { Address = Vacant(3).Address };
        cluster[1].Core.ProposeMembership(Voters(1, 2)).Accepted.Should().BeTrue();
        cluster.Settle();
        cluster[1].Core.ProposeMembership(Voters(1, 2).With(newcomer)).Accepted.Should().BeTrue();
    }

    [Fact]
    public void ProposeMembership_PromotionOfSilentLearner_IsRefused()
    {
        TestCluster cluster = Led(1, Base.With(Learner(4)));
        cluster.Stop(4);
        cluster.TickAll(cluster.Options.ElectionTicks);
        cluster[1].Core.ProposeMembership(Base.With(Voter(4))).Refusal.Should().Be(ProposalRefusal.MembershipChangePending);
    }

    [Fact]
    public void ProposeMembership_LearnerIsPromoted_CountsInTheQuorum()
    {
        TestCluster cluster = Led(1, Base.With(Learner(4)));
        cluster[1].Core.ProposeMembership(Base.With(Voter(4))).Accepted.Should().BeTrue();
        cluster.Settle();
        cluster.Stop(2);
        cluster.Stop(3);
        LogIndex index = cluster.Propose(1, "a").Index;
        cluster.Settle();
        cluster[1].Core.Status.CommitIndex.Should().BeLessThan(index, "two of four are no majority");
    }

    [Fact]
    public void Propose_Learners_DoNotCountInTheQuorum()
    {
        TestCluster cluster = Led(1, Base.With(Learner(4)).With(Learner(5)));
        cluster.Stop(2);
        cluster.Stop(3);
        LogIndex index = cluster.Propose(1, "a").Index;
        cluster.Settle();
        cluster[1].Core.Status.CommitIndex.Should().BeLessThan(index);
        cluster[4].Core.Status.LastIndex.Should().Be(index);
    }

    [Fact]
    public void ProposeMembership_LeaderRemovesItself_StepsDownOnceCommittedAndOthersGoOn()
    {
        TestCluster cluster = Led(1, Base);
        cluster[1].Core.ProposeMembership(Base.Without(Id(1)));
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Leader);
        cluster.Settle();
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Follower);
        cluster.Members.Count(m => m.Core.Status.Role == RaftRole.Leader).Should().Be(1);
    }

    [Fact]
    public void TickAll_RemovedMemberThatNeverHeardOfIt_DisturbsNobody()
    {
        TestCluster cluster = Led(1, Base);
        cluster.Isolate(3);
        cluster[1].Core.ProposeMembership(Base.Without(Id(3)));
        cluster.Settle();
        Term term = cluster[1].Core.Status.Term;
        cluster.Heal();
        cluster.TickAll(200);
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Leader);
        cluster[1].Core.Status.Term.Should().Be(term);
    }

    // §4.2.2: (1) leader 1 removes itself from {1,2}; (2) it restarts before 2 heard; (3) only 1 has the longer log, so only it can win.
    [Fact]
    public void Tick_RemovalOfItselfUncommitted_StillCampaignsSoThatItCanCommit()
    {
        TestCluster cluster = Led(1, Voters(1, 2));
        cluster.Cut(1, 2);
        cluster[1].Core.ProposeMembership(Voters(2)).Accepted.Should().BeTrue();
        cluster.Settle();
        cluster.Restart(1);
        cluster.TickAll(30);
        cluster.Heal();
        cluster.TickAll(60);
        cluster[2].Core.Status.Role.Should().Be(RaftRole.Leader);
        cluster[2].Core.Status.Membership.Should().Be(Voters(2));
        cluster[2].Core.Status.CommitIndex.Should().Be(cluster[2].Core.Status.LastIndex);
    }

    // As above, but the founding configuration is itself in the log, so that after the restart none at all is known committed.
    [Fact]
    public void Tick_RemovalOfItselfUncommittedSinceFounding_StillCampaigns()
    {
        var cluster = new TestCluster();
        cluster.Add(1);
        cluster.Add(2);
        cluster[1].Core.Found(Voters(1, 2));
        cluster.Settle();
        cluster.Cut(1, 2);
        cluster[1].Core.ProposeMembership(Voters(2)).Accepted.Should().BeTrue();
        cluster.Settle();
        cluster.Restart(1);
        cluster.Restart(2);
        cluster.Heal();
        cluster.TickAll(100);
        cluster[2].Core.Status.Role.Should().Be(RaftRole.Leader);
        cluster[2].Core.Status.Membership.Should().Be(Voters(2));
    }

    [Fact]
    public void Step_AppendFromUnknownLeader_IsAccepted()
    {
        TestMember member = Alone(Voters(1, 3, 4));
        member.Step(Append(2, 1, 1, 1, Command(2, 2))).Should().ContainSingle().Which.As<AppendResponse>().Accepted.Should().BeTrue();
    }

    [Fact]
    public void MembershipAt_EarlierIndex_NamesTheOneInForceThere()
    {
        TestCluster cluster = Led(1, Base);
        cluster[1].Core.ProposeMembership(Base.With(Learner(4)));
        cluster.Settle();
        cluster[1].Core.MembershipAt(new LogIndex(2)).Should().Be(Base);
        cluster[1].Core.MembershipAt(new LogIndex(3)).Should().Be(Base.With(Learner(4)));
    }
}
