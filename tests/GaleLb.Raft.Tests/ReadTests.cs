using GaleLb.Raft.Tests.Harness;
using static GaleLb.Raft.Tests.Harness.TestCluster;

namespace GaleLb.Raft.Tests;

/// <summary>Thesis §6.4: linearizable reads by ReadIndex.</summary>
public sealed class ReadTests
{
    [Fact]
    public void RequestRead_SingleVoter_IsGrantedAtOnce()
    {
        TestCluster cluster = Led(1, Voters(1));
        cluster[1].Core.RequestRead(7).Should().BeTrue();
        cluster.Settle();
        cluster[1].Reads.Should().Equal(new ReadGrant(7, new LogIndex(2)));
    }

    [Fact]
    public void RequestRead_LeaderWithoutCommitInItsTerm_WaitsForOne()
    {
        TestCluster cluster = Established(Voters(1, 2, 3));
        cluster.Loses = m => m is AppendRequest;
        cluster.Elect(1);
        cluster[1].Core.RequestRead(7);
        cluster.TickAll(4);
        cluster[1].Reads.Should().BeEmpty();
        cluster.Loses = _ => false;
        cluster.TickAll(4);
        cluster[1].Reads.Should().Equal(new ReadGrant(7, new LogIndex(2)));
    }

    [Fact]
    public void RequestRead_HeartbeatAnswersFromBeforeTheRead_DoNotConfirmIt()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster[1].Core.RequestRead(7);
        cluster[1].Drain();
        cluster[1].Step(new HeartbeatResponse(Id(2), Id(1), new Term(2), ReadSequence: 0));
        cluster[1].Reads.Should().BeEmpty();
        cluster[1].Step(new HeartbeatResponse(Id(2), Id(1), new Term(2), ReadSequence: 1));
        cluster[1].Reads.Should().ContainSingle();
    }

    [Fact]
    public void RequestRead_ManyAtOnce_ShareOneRound()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        for (ulong token = 0; token < 100; token++)
            cluster[1].Core.RequestRead(token).Should().BeTrue();
        cluster[1].Drain().OfType<HeartbeatRequest>().Should().HaveCount(2);
    }

    [Fact]
    public void RequestRead_ByFollower_IsAnsweredByItsLeader()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Commit(1, "a");
        cluster[3].Core.RequestRead(7);
        cluster.Settle();
        cluster[3].Reads.Should().Equal(new ReadGrant(7, new LogIndex(3)));
    }

    [Fact]
    public void RequestRead_NoLeaderKnown_FailsAtOnce()
    {
        TestCluster cluster = Established(Voters(1, 2, 3));
        cluster[1].Core.RequestRead(7).Should().BeTrue();
        cluster.Settle();
        cluster[1].Reads.Should().Equal(new ReadGrant(7, null));
    }

    [Fact]
    public void RequestRead_ForwardedAndLost_FailsAfterElectionTimeout()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Loses = m => m is ReadIndexRequest;
        cluster[3].Core.RequestRead(7);
        cluster.TickAll(cluster.Options.ElectionTicks - 1);
        cluster[3].Reads.Should().BeEmpty();
        cluster.TickAll();
        cluster[3].Reads.Should().Equal(new ReadGrant(7, null));
    }

    [Fact]
    public void RequestRead_LeaderChanges_Fails()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Loses = m => m is HeartbeatRequest { ReadSequence: > 0 };
        cluster[1].Core.RequestRead(7);
        cluster.Settle();
        cluster[1].Core.TransferLeadership(Id(2));
        cluster.Settle();
        cluster[1].Reads.Should().Equal(new ReadGrant(7, null));
    }

    [Fact]
    public void RequestRead_TooManyPending_IsRefused()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3), new RaftOptions { HeartbeatTicks = 2, ElectionTicks = 10, PendingReadsMax = 2 });
        cluster.Isolate(1);
        cluster[1].Core.RequestRead(1).Should().BeTrue();
        cluster[1].Core.RequestRead(2).Should().BeTrue();
        cluster[1].Core.RequestRead(3).Should().BeFalse();
    }

    [Fact]
    public void RequestRead_AnswerForEarlierIncarnation_IsNotTaken()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        ReadIndexRequest? asked = null;
        cluster.OnMessage = (m, _) => asked = m as ReadIndexRequest ?? asked;
        cluster.Loses = m => m is ReadIndexRequest;
        cluster[3].Core.RequestRead(7);
        cluster.Settle();

        var reborn = new TestMember(Id(3), cluster.Options, jitter: 9, cluster[3].Disk);
        reborn.Step(new HeartbeatRequest(Id(1), Id(3), new Term(2), LogIndex.Zero, 0));
        reborn.Core.RequestRead(7);
        reborn.Drain();
        reborn.Step(new ReadIndexResponse(Id(1), Id(3), new Term(2), asked!.Token, new LogIndex(2)));
        reborn.Reads.Should().BeEmpty();
    }
}
