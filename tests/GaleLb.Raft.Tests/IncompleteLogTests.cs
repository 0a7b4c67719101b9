using GaleLb.Raft.Tests.Harness;
using static GaleLb.Raft.Tests.Harness.TestCluster;

namespace GaleLb.Raft.Tests;

/// <summary>A member whose disk lost entries that it had acknowledged (docs/decisions/0009).</summary>
public sealed class IncompleteLogTests
{
    // (1) 1 and 3 have the order, 2 has not, (2) 3 loses it, (3) 1 is away: 2 must not lead, as it lacks the order.
    [Theory]
    [InlineData(LogLoss.Possible)]
    [InlineData(LogLoss.Certain)]
    public void Campaign_OnlyAnIncompleteMemberIsThere_IsNotWon(LogLoss loss)
    {
        TestCluster cluster = CommittedOn1And3(loss);
        cluster.Heal();
        cluster.Stop(1);
        cluster.TickAll(100);
        cluster[2].Core.Status.Role.Should().NotBe(RaftRole.Leader);
        cluster[3].Core.Status.Role.Should().NotBe(RaftRole.Leader);
    }

    [Fact]
    public void Campaign_AllVotersGrantSomeInDoubt_IsWonByTheLongestLog()
    {
        TestCluster cluster = CommittedOn1And3(LogLoss.Possible);
        cluster.Heal();
        cluster[2].Disk.LoseAfter(2, LogLoss.Possible);
        cluster.Restart(2);
        cluster.Restart(1);
        cluster.TickAll(100);
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Leader);
        cluster.Members.Should().OnlyContain(m => m.Core.Status.Loss == LogLoss.None && m.State.SequenceEqual(new[] { "order" }));
    }

    // (1) 1 alone is the cluster, (2) takes in 2 and 3, (3) loses that: it must not elect itself.
    [Fact]
    public void Tick_ConfigurationLost_DoesNotCampaignInTheOneBefore()
    {
        TestMember member = Alone(Voters(1), terms: [1]);
        member.Disk.LoseAfter(1);
        member.Restart();
        member.Tick(60).Should().BeEmpty();
        member.Core.Status.Role.Should().Be(RaftRole.Follower);
    }

    [Fact]
    public void Tick_LeaderIsThere_IncompleteMemberIsMadeWhole()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Commit(1, "a", "b", "c");
        cluster[3].Disk.LoseAfter(2);
        cluster.Restart(3);
        cluster[3].Core.Status.Loss.Should().NotBe(LogLoss.None);

        cluster.TickAll(12);

        cluster[3].Core.Status.Loss.Should().Be(LogLoss.None);
        cluster[3].Disk.Loss.Should().Be(LogLoss.None);
        cluster[3].State.Should().Equal("a", "b", "c");
    }

    [Fact]
    public void Tick_LogAndSnapshotLost_IncompleteMemberIsSentASnapshot()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Commit(1, "a", "b");
        cluster[1].TakeSnapshot(trailing: 0);
        cluster[3].Disk.LoseAfter(0);
        cluster.Restart(3);

        cluster.TickAll(20);

        cluster[3].Core.Status.Loss.Should().Be(LogLoss.None);
        cluster[3].State.Should().Equal("a", "b");
    }

    // What lies where entries were lost may be older entries that they had replaced: a heartbeat's commit index must not reach them.
    [Fact]
    public void HeartbeatRequest_CommitBeyondWhatWasSentSince_CommitsNothing()
    {
        TestMember member = Alone(Voters(1, 2, 3), terms: [2, 2]);
        member.Disk.LoseAfter(3);
        member.Restart();
        member.Step(new HeartbeatRequest(Id(2), Id(1), new Term(4), new LogIndex(3), 0));
        member.Core.Status.CommitIndex.Should().Be(new LogIndex(1));
        member.Step(Append(4, 2, 2, 3, Command(3, 4)));
        member.Core.Status.CommitIndex.Should().Be(new LogIndex(3));
    }

    [Fact]
    public void HeartbeatRequest_TargetOfAnotherToken_IsIgnored()
    {
        TestMember member = Alone(Voters(1, 2, 3), terms: [2, 2]);
        member.Disk.LoseAfter(3);
        member.Restart();
        var heartbeat = new HeartbeatRequest(Id(2), Id(1), new Term(4), LogIndex.Zero, 0);
        ulong token = member.Step(heartbeat).OfType<HeartbeatResponse>().Single().RecoveryToken;

        member.Step(heartbeat with { RecoveryToken = token + 1, RecoveryTarget = LogIndex.Zero });
        member.Core.Status.Loss.Should().NotBe(LogLoss.None);
        member.Step(heartbeat with { RecoveryToken = token, RecoveryTarget = LogIndex.Zero });
        member.Core.Status.Loss.Should().Be(LogLoss.None);
    }

    [Fact]
    public void HeartbeatRequest_LaterTerm_ForgetsTheTargetOfTheEarlier()
    {
        TestMember member = Alone(Voters(1, 2, 3), terms: [2, 2]);
        member.Disk.LoseAfter(3);
        member.Restart();
        var heartbeat = new HeartbeatRequest(Id(2), Id(1), new Term(4), LogIndex.Zero, 0);
        ulong token = member.Step(heartbeat).OfType<HeartbeatResponse>().Single().RecoveryToken;
        member.Step(heartbeat with { RecoveryToken = token, RecoveryTarget = new LogIndex(4) });

        member.Step(Append(5, 3, 2, 0, Command(4, 5)));

        member.Core.Status.Loss.Should().NotBe(LogLoss.None, "the leader of term 5 has set no target");
    }

    [Fact]
    public void Persisted_TargetMatchedButNotDurable_StaysIncomplete()
    {
        TestMember member = Alone(Voters(1, 2, 3), terms: [2]);
        member.Disk.LoseAfter(2);
        member.Restart();
        var heartbeat = new HeartbeatRequest(Id(2), Id(1), new Term(4), LogIndex.Zero, 0);
        ulong token = member.Step(heartbeat).OfType<HeartbeatResponse>().Single().RecoveryToken;
        member.Step(heartbeat with { RecoveryToken = token, RecoveryTarget = new LogIndex(3) });
        member.DiskStalled = true;

        member.Step(Append(4, 2, 2, 0, Command(3, 4)));
        member.Core.Status.Loss.Should().NotBe(LogLoss.None);

        member.DiskStalled = false;
        member.Drain();
        member.Core.Status.Loss.Should().Be(LogLoss.None);
    }

    // An answer of the earlier life arrives late, when the repair has begun: the leader must not go by what it says. Of the last
    // entry, so that the leader has nothing to send any more; or of one before.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void AppendResponse_OfAnEarlierLife_DoesNotStopTheRepair(int before)
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Commit(1, "a", "b", "c");
        LogIndex last = cluster[1].Core.Status.LastIndex;
        cluster[3].Disk.LoseAfter(2);
        cluster.Restart(3);
        cluster.Loses = m => m is AppendRequest && m.To == Id(3);
        cluster.TickAll(2);
        LogIndex acknowledged = new(last.Value - (ulong)before);
        cluster.Step(new AppendResponse(Id(3), Id(1), cluster[1].Core.Status.Term, Accepted: true, acknowledged, LogIndex.Zero, Term.Zero));
        cluster.Loses = _ => false;

        cluster.TickAll(20);

        cluster[3].Core.Status.Loss.Should().Be(LogLoss.None);
        cluster[3].State.Should().Equal("a", "b", "c");
    }

    /// <summary>Cut apart: member 2 never had the order, and member 3 has lost it and was restarted.</summary>
    private static TestCluster CommittedOn1And3(LogLoss loss)
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Isolate(2);
        cluster.Commit(1, "order");
        cluster[1].State.Should().Equal("order");
        cluster.Isolate(1);
        cluster[3].Disk.LoseAfter(2, loss);
        cluster.Restart(3);
        return cluster;
    }
}
