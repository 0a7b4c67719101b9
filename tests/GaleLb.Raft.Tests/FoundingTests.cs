using GaleLb.Raft.Tests.Harness;
using static GaleLb.Raft.Tests.Harness.TestCluster;

namespace GaleLb.Raft.Tests;

/// <summary>How a cluster begins; the thesis leaves it to the implementation (§4.4).</summary>
public sealed class FoundingTests
{
    [Fact]
    public void Found_SingleVoter_CommitsMembershipThenEmptyEntry()
    {
        var cluster = new TestCluster();
        cluster.Add(1).Core.Found(Voters(1));
        cluster.Settle();
        cluster.Commit(1, "a");
        cluster[1].Applied.Select(e => e.Kind).Should().Equal(EntryKind.Membership, EntryKind.Empty, EntryKind.Command);
    }

    [Fact]
    public void Found_RestartBeforeVictory_LeavesNothingButTermAndVote()
    {
        var cluster = new TestCluster();
        cluster.Add(1).Core.Found(Voters(1, 2, 3));
        cluster.Settle();
        cluster.Restart(1);
        cluster[1].Core.Status.Membership.IsEmpty.Should().BeTrue();
        cluster[1].Core.Status.Term.Should().Be(new Term(1));
        cluster.TickAll(100);
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Follower);
    }

    [Fact]
    public void Found_LogNotEmpty_Throws()
    {
        Action found = () => Alone(Voters(1)).Core.Found(Voters(1));
        found.Should().Throw<InvalidOperationException>().WithMessage("*its log ends at 1*");
    }

    [Fact]
    public void Found_NotAVoterOfIt_Throws()
    {
        Action found = () => new TestCluster().Add(1).Core.Found(Voters(2, 3));
        found.Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Found_AnotherFounderWins_ItsMembershipReplacesTheMeantOne()
    {
        var cluster = new TestCluster();
        for (int id = 1; id <= 3; id++)
            cluster.Add(id);
        cluster[1].Core.Found(Voters(1, 2, 3));
        cluster.Settle();
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Leader);

        var late = new TestMember(Id(4), cluster.Options, 0);
        late.Core.Found(Voters(2, 4).With(Vacant(9)));
        late.Drain();
        AppendRequest append = Append(2, 0, 0, 0, cluster[1].Disk.Entries[0]) with { To = Id(4) };
        late.Step(append);
        late.Core.Status.Membership.Should().Be(Voters(1, 2, 3));
    }

    [Fact]
    public void Found_TwoThirdsPresent_LeadsWithVacantSeatCounted()
    {
        var cluster = new TestCluster();
        cluster.Add(1);
        cluster.Add(2);
        cluster[1].Core.Found(Voters(1, 2).With(Vacant(9)));
        cluster.Settle();
        cluster.Stop(2);
        LogIndex index = cluster.Propose(1, "a").Index;
        cluster.Settle();
        cluster[1].Core.Status.CommitIndex.Should().BeLessThan(index);
    }
}
