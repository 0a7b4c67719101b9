using System.Text;
using GaleLb.Raft.Tests.Harness;
using static GaleLb.Raft.Tests.Harness.TestCluster;

namespace GaleLb.Raft.Tests;

/// <summary>Thesis §3.5 (log replication), §3.6.2 (commitment), §10.2 (pipelining, parallel disk writes).</summary>
public sealed class ReplicationTests
{
    [Fact]
    public void Propose_ByLeader_IsAppliedByAllInOrder()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Commit(1, "a", "b");
        cluster.Members.Should().OnlyContain(m => m.State.SequenceEqual(new[] { "a", "b" }));
    }

    [Fact]
    public void Propose_ByFollower_IsRefused() =>
        Led(1, Voters(1, 2, 3)).Propose(2, "a").Refusal.Should().Be(ProposalRefusal.NotLeader);

    [Fact]
    public void AppendRequest_DiskStalled_AcceptanceWaitsUntilEntriesAreDurable()
    {
        TestMember follower = Alone(Voters(1, 2, 3), terms: [2]);
        follower.DiskStalled = true;
        follower.Step(Append(2, 2, 2, 1, Command(3, 2))).Should().BeEmpty();
        follower.Step(Append(2, 2, 2, 1, Command(3, 2))).Should().BeEmpty("a repeated request is not durable either");
        follower.DiskStalled = false;
        follower.Drain().Should().HaveCount(2).And.AllSatisfy(m => m.As<AppendResponse>().Index.Should().Be(new LogIndex(3)));
    }

    [Fact]
    public void AppendRequest_CommitBeyondDurableEntries_HandsOutOnlyWhatIsDurable()
    {
        TestMember follower = Alone(Voters(1, 2, 3), terms: [2]);
        follower.DiskStalled = true;
        follower.Step(Append(2, 2, 2, 3, Command(3, 2)));
        follower.Core.Status.CommitIndex.Should().Be(new LogIndex(3));
        follower.Applied.Select(e => e.Index.Value).Should().Equal(2);
        follower.DiskStalled = false;
        follower.Drain();
        follower.Applied.Select(e => e.Index.Value).Should().Equal(2, 3);
    }

    [Fact]
    public void Propose_LeaderDiskStalled_AppendsLeaveAtOnceAndOthersCommitWithoutIt()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster[1].DiskStalled = true;
        LogIndex index = cluster.Propose(1, "a").Index;
        cluster.Settle();
        cluster[1].Core.Status.CommitIndex.Should().Be(index);
        cluster[1].State.Should().BeEmpty("it is not durable here");
        cluster[2].State.Should().Equal("a");
    }

    [Fact]
    public void Propose_LeaderDiskStalled_ItsOwnCopyDoesNotCount()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Cut(1, 3);
        cluster[1].DiskStalled = true;
        LogIndex index = cluster.Propose(1, "a").Index;
        cluster.Settle();
        cluster[1].Core.Status.CommitIndex.Should().BeLessThan(index);
        cluster[1].DiskStalled = false;
        cluster.Settle();
        cluster[1].Core.Status.CommitIndex.Should().Be(index);
    }

    [Fact]
    public void AppendResponse_MajorityHoldsEntryOfEarlierTerm_IsNotCommittedByCounting()
    {
        TestMember leader = Leader(Voters(1, 2, 3), terms: [2, 2]);
        leader.Step(Accepted(from: 2, term: 3, index: 3));
        leader.Core.Status.CommitIndex.Should().Be(new LogIndex(1));
        leader.Step(Accepted(from: 2, term: 3, index: 4));
        leader.Core.Status.CommitIndex.Should().Be(new LogIndex(4), "an entry of its own term takes the earlier ones along");
    }

    [Fact]
    public void AppendRequest_LateAndShorter_TruncatesNothing()
    {
        TestMember follower = Alone(Voters(1, 2, 3), terms: [2, 2, 2]);
        follower.Step(Append(2, 1, 1, 1, Command(2, 2))).Should().ContainSingle().Which.As<AppendResponse>().Index.Should().Be(new LogIndex(2));
        follower.Core.Status.LastIndex.Should().Be(new LogIndex(4));
    }

    [Fact]
    public void AppendRequest_Conflict_ReplacesFromThereOn()
    {
        TestMember follower = Alone(Voters(1, 2, 3), terms: [2, 2, 2]);
        follower.Step(Append(3, 2, 2, 1, Command(3, 3)));
        follower.Disk.Entries.Select(e => e.Term.Value).Should().Equal(2, 3);
    }

    [Fact]
    public void AppendRequest_ConflictBelowCommit_ThrowsAndNamesIt()
    {
        TestMember follower = Alone(Voters(1, 2, 3), terms: [2, 2]);
        follower.Step(Append(2, 3, 2, 3));
        Action step = () => follower.Core.Step(Append(3, 1, 1, 1, Command(2, 3)));
        step.Should().Throw<InvalidOperationException>().WithMessage("*below the commit index 3*");
    }

    [Fact]
    public void HeartbeatRequest_CommitBeyondTheLog_Throws()
    {
        TestMember follower = Alone(Voters(1, 2, 3));
        Action step = () => follower.Core.Step(new HeartbeatRequest(Id(2), Id(1), new Term(2), new LogIndex(9), 0));
        step.Should().Throw<InvalidOperationException>().WithMessage("*lost entries it acknowledged*");
    }

    [Fact]
    public void AppendRequest_LowerCommitLater_CommitStays()
    {
        TestMember follower = Alone(Voters(1, 2, 3), terms: [2, 2]);
        follower.Step(Append(2, 3, 2, 3));
        follower.Step(Append(2, 3, 2, 1));
        follower.Core.Status.CommitIndex.Should().Be(new LogIndex(3));
    }

    [Fact]
    public void AppendRequest_CommitBeyondItsEntries_OnlyWhatIsKnownToMatchCommits()
    {
        TestMember follower = Alone(Voters(1, 2, 3), terms: [2, 2, 2]);
        follower.Step(Append(3, 2, 2, 4));
        follower.Core.Status.CommitIndex.Should().Be(new LogIndex(2), "entries 3 and 4 may differ from the leader's");
    }

    [Fact]
    public void Persisted_OfEntriesReplacedMeanwhile_DoesNotMakeTheNewOnesDurable()
    {
        TestMember follower = Alone(Voters(1, 2, 3));
        follower.Core.Step(Append(2, 1, 1, 1, Command(2, 2), Command(3, 2)));
        ulong first = follower.Core.TakeReady().Sequence;
        follower.Core.Step(Append(3, 2, 2, 3, Command(3, 3)));
        follower.Core.Persisted(first);
        follower.Core.TakeReady().Committed.Select(e => e.Index.Value).Should().Equal(2);
    }

    [Fact]
    public void Persisted_OfReadyNeverHandedOut_Throws()
    {
        Action persisted = () => Alone(Voters(1)).Core.Persisted(7);
        persisted.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Propose_WindowFull_WaitsForAnswers()
    {
        TestMember leader = Leader(Voters(1, 2), options: Small with { AppendBytesMax = 1, InflightAppendsMax = 2 });
        leader.Step(Accepted(from: 2, term: 2, index: 2));
        Propose(leader, 5);
        leader.Drain().OfType<AppendRequest>().Where(a => !a.Entries.IsEmpty).Should().HaveCount(2);
        leader.Step(Accepted(from: 2, term: 2, index: 3)).OfType<AppendRequest>().Where(a => !a.Entries.IsEmpty).Should().ContainSingle();
    }

    [Fact]
    public void Propose_BytesInFlightFull_WaitsForAnswers()
    {
        TestMember leader = Leader(Voters(1, 2), options: Small with { AppendBytesMax = 1, InflightBytesMax = 99 });
        leader.Step(Accepted(from: 2, term: 2, index: 2));
        Propose(leader, 8);
        leader.Drain().OfType<AppendRequest>().Where(a => !a.Entries.IsEmpty).Should().HaveCount(3, "33 bytes each: the fourth finds the window full");
    }

    [Fact]
    public void Propose_TooMuchUncommitted_IsBusyUntilItCommits()
    {
        TestMember leader = Leader(Voters(1, 2), options: Small with { UncommittedBytesMax = 100 });
        leader.Step(Accepted(from: 2, term: 2, index: 2));
        Propose(leader, 3);
        leader.Core.Propose(new byte[1]).Refusal.Should().Be(ProposalRefusal.Busy);
        leader.Drain();
        leader.Step(Accepted(from: 2, term: 2, index: 5));
        leader.Core.Propose(new byte[1]).Accepted.Should().BeTrue();
    }

    [Fact]
    public void HeartbeatResponse_AfterLostAppend_LeaderNoticesAndRepeats()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Loses = m => m is AppendRequest && m.To == Id(2);
        cluster.Propose(1, "a");
        cluster.Settle();
        cluster.Loses = _ => false;
        cluster.TickAll(cluster.Options.HeartbeatTicks);
        cluster[2].State.Should().Equal("a");
    }

    [Fact]
    public void AppendResponse_CommitAdvances_IsSentAtOnce()
    {
        TestMember leader = Leader(Voters(1, 2, 3));
        leader.Step(Accepted(from: 2, term: 2, index: 2)).OfType<AppendRequest>().Should().Contain(a => a.To == Id(2) && a.Commit == new LogIndex(2));
    }

    [Fact]
    public void Tick_Heartbeat_CarriesNoCommitBeyondWhatMatches()
    {
        TestMember leader = Leader(Voters(1, 2, 3));
        leader.Step(Accepted(from: 2, term: 2, index: 2));
        leader.Tick(2).OfType<HeartbeatRequest>().Single(h => h.To == Id(3)).Commit.Should().Be(LogIndex.Zero);
    }

    [Fact]
    public void AppendRequest_EntriesWithGap_ThrowsAndChangesNothing()
    {
        TestMember follower = Alone(Voters(1, 2, 3));
        Action step = () => follower.Core.Step(Append(2, 1, 1, 1, Command(2, 2), Command(4, 2)));
        step.Should().Throw<InvalidDataException>().WithMessage("*entry 4*entry 3*");
        follower.Core.Status.Term.Should().Be(new Term(1));
        follower.Core.HasReady.Should().BeFalse();
    }

    [Fact]
    public void Recover_GapInEntries_Throws()
    {
        var recovery = new RaftRecovery { Entries = [Command(1, 1), Command(3, 1)] };
        Action start = () => _ = new RaftNode(Id(1), new RaftOptions(), recovery, new TestDisk(), new FixedJitter(0));
        start.Should().Throw<InvalidDataException>().WithMessage("*entry 2 expected, found 3*");
    }

    [Fact]
    public void Recover_EntriesOfLaterTermThanHardState_TakesTheirTermWithoutAVote()
    {
        var recovery = new RaftRecovery { HardState = new HardState(new Term(1), Id(1)), Entries = [Command(1, 3)] };
        var core = new RaftNode(Id(1), new RaftOptions(), recovery, new TestDisk(), new FixedJitter(0));
        core.Status.Term.Should().Be(new Term(3));
        core.TakeReady().HardState.Should().Be(new HardState(new Term(3), MemberId.None));
    }

    private static RaftOptions Small => new() { HeartbeatTicks = 2, ElectionTicks = 10 };

    private static TestMember Leader(Membership membership, ulong[]? terms = null, RaftOptions? options = null)
    {
        TestMember leader = Alone(membership, terms: terms, options: options);
        leader.Core.Campaign();
        ulong term = leader.Core.Status.Term.Value + 1;
        leader.Step(Grant(from: 2, term, preVote: true));
        leader.Step(Grant(from: 2, term));
        leader.Core.Status.Role.Should().Be(RaftRole.Leader);
        return leader;
    }

    private static AppendResponse Accepted(int from, ulong term, ulong index) =>
        new(Id(from), Id(1), new Term(term), Accepted: true, new LogIndex(index), LogIndex.Zero, Term.Zero);

    private static void Propose(TestMember leader, int count)
    {
        for (int i = 0; i < count; i++)
            leader.Core.Propose(Encoding.UTF8.GetBytes("x")).Accepted.Should().BeTrue();
    }
}
