using GaleLb.Raft.Tests.Harness;
using static GaleLb.Raft.Tests.Harness.TestCluster;

namespace GaleLb.Raft.Tests;

/// <summary>Thesis ch. 5: compaction and snapshot transfer.</summary>
public sealed class SnapshotTests
{
    private static RaftOptions Chunks(int bytes) => new() { HeartbeatTicks = 2, ElectionTicks = 10, SnapshotChunkBytes = bytes };

    private static TestCluster Lagging(out LogIndex snapshot, int chunkBytes = 4)
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3), Chunks(chunkBytes));
        cluster.Isolate(3);
        cluster.Commit(1, [.. Enumerable.Range(0, 20).Select(i => $"command{i}")]);
        cluster[1].TakeSnapshot(trailing: 0);
        snapshot = cluster[1].Disk.Latest!.Index;
        return cluster;
    }

    [Fact]
    public void TickAll_FollowerNeedsCompactedEntries_IsSentTheSnapshotAndTheLogBehind()
    {
        TestCluster cluster = Lagging(out _);
        cluster.Commit(1, "after");
        cluster.Heal();
        cluster.TickAll(4);
        cluster[3].State.Should().Equal(cluster[1].State).And.HaveCount(21);
        cluster[3].Core.Status.LastIndex.Should().Be(cluster[1].Core.Status.LastIndex);
    }

    [Fact]
    public void TickAll_ChunksAreLost_TransferResumesWhereItStopped()
    {
        TestCluster cluster = Lagging(out _);
        int chunks = 0;
        long restarts = 0;
        cluster.Loses = m => m is SnapshotChunk && ++chunks % 3 == 0;
        cluster.OnMessage = (m, _) => restarts += m is SnapshotChunk { Offset: 0 } ? 1 : 0;
        cluster.Heal();
        cluster.TickAll(120);
        cluster[3].State.Should().Equal(cluster[1].State);
        restarts.Should().BeLessThanOrEqualTo(2);
    }

    [Fact]
    public void TickAll_ReceiverRestarts_TransferStartsOver()
    {
        TestCluster cluster = Lagging(out _);
        int chunks = 0;
        cluster.Loses = m => m is SnapshotChunk && ++chunks > 6;
        cluster.Heal();
        cluster.TickAll(4);
        cluster.Restart(3);
        cluster.Loses = _ => false;
        cluster.TickAll(20);
        cluster[3].State.Should().Equal(cluster[1].State);
    }

    [Fact]
    public void TickAll_LeaderTakesNewerSnapshotMeanwhile_ItIsSentInstead()
    {
        TestCluster cluster = Lagging(out _);
        int chunks = 0;
        cluster.Loses = m => m is SnapshotChunk && ++chunks > 6;
        cluster.Heal();
        cluster.TickAll(2);
        cluster.Commit(1, "newer");
        cluster[1].TakeSnapshot(trailing: 0);
        cluster.Loses = _ => false;
        cluster.TickAll(20);
        cluster[3].State.Should().Equal(cluster[1].State).And.EndWith("newer");
    }

    // (1) the window to 3 is full of lost appends, (2) the log is compacted beyond them, (3) nothing of the window can be repeated.
    [Fact]
    public void TickAll_WindowFullWhenLogIsCompacted_FollowerGetsTheSnapshot()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3), Chunks(64) with { InflightAppendsMax = 2 });
        cluster.Isolate(3);
        cluster.Commit(1, "a");
        cluster.Commit(1, "b");
        cluster.Commit(1, "c");
        cluster[1].TakeSnapshot(trailing: 0);
        cluster.Heal();
        cluster.TickAll(6);
        cluster[3].State.Should().Equal("a", "b", "c");
    }

    [Fact]
    public void Compact_WithTrailing_KeepsEntriesForThoseSlightlyBehind()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Isolate(3);
        cluster.Commit(1, "a", "b");
        cluster[1].TakeSnapshot(trailing: 2);
        bool sent = false;
        cluster.OnMessage = (m, _) => sent |= m is SnapshotChunk;
        cluster.Heal();
        cluster.TickAll(4);
        cluster[3].State.Should().Equal("a", "b");
        sent.Should().BeFalse();
    }

    [Fact]
    public void Compact_BeyondWhatWasHandedOut_Throws()
    {
        Action compact = () => Alone(Voters(1, 2), terms: [1]).Core.Compact(new LogIndex(2), 0);
        compact.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void SnapshotChunk_AtOrBelowCommit_IsAcknowledgedNotInstalled()
    {
        TestMember follower = Alone(Voters(1, 2, 3), terms: [2, 2]);
        follower.Step(Append(2, 3, 2, 3));
        follower.Step(Chunk(index: 2, term: 2)).Should().ContainSingle().Which.As<AppendResponse>().Accepted.Should().BeTrue();
        follower.Core.Status.LastIndex.Should().Be(new LogIndex(3));
        follower.State.Should().NotBeEmpty();
    }

    [Fact]
    public void SnapshotChunk_MatchingTheLog_OnlyAdvancesCommit()
    {
        TestMember follower = Alone(Voters(1, 2, 3), terms: [2, 2, 2]);
        follower.Step(Chunk(index: 3, term: 2));
        follower.Core.Status.CommitIndex.Should().Be(new LogIndex(3));
        follower.Core.Status.LastIndex.Should().Be(new LogIndex(4), "what is behind it stays");
    }

    [Fact]
    public void SnapshotChunk_Complete_AnswerWaitsUntilItIsDurable()
    {
        TestMember follower = Alone(Voters(1, 2, 3));
        follower.DiskStalled = true;
        follower.Core.Step(new HeartbeatRequest(Id(2), Id(1), new Term(2), LogIndex.Zero, 0));
        follower.Step(Chunk(index: 9, term: 2)).Should().NotContain(m => m is AppendResponse);
        follower.DiskStalled = false;
        follower.Drain().Should().Contain(m => m is AppendResponse && ((AppendResponse)m).Index == new LogIndex(9));
        follower.Disk.Latest!.Index.Should().Be(new LogIndex(9));
    }

    [Fact]
    public void SnapshotChunk_OfAnotherSender_IsNotMixedIn()
    {
        TestMember follower = Alone(Voters(1, 2, 3));
        follower.Step(Chunk(index: 9, term: 2) with { TotalBytes = 8, Bytes = new byte[4] });
        SnapshotChunk other = Chunk(index: 9, term: 2) with { From = Id(3), Term = new Term(3), TotalBytes = 8, Offset = 4, Bytes = new byte[4] };
        follower.Step(other).OfType<SnapshotChunkResponse>().Should().ContainSingle().Which.NextOffset.Should().Be(0);
        follower.Core.Status.LastIndex.Should().Be(new LogIndex(1));
    }

    [Fact]
    public void SnapshotChunk_LargerThanAllowed_ThrowsAndNamesTheSize()
    {
        TestMember follower = Alone(Voters(1, 2, 3), options: new RaftOptions { SnapshotBytesMax = 100 });
        Action step = () => follower.Core.Step(Chunk(index: 9, term: 1) with { TotalBytes = 101 });
        step.Should().Throw<InvalidDataException>().WithMessage("*101 bytes; at most 100*");
    }

    [Theory]
    [InlineData(-1, 4)]
    [InlineData(2, 4)]
    [InlineData(5, 0)]
    public void SnapshotChunk_OutsideItsSnapshot_Throws(long offset, int length)
    {
        TestMember follower = Alone(Voters(1, 2, 3));
        Action step = () => follower.Core.Step(Chunk(index: 9, term: 1) with { Offset = offset, TotalBytes = 4, Bytes = new byte[length] });
        step.Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void Restart_AfterInstalledSnapshot_GoesOnFromIt()
    {
        TestCluster cluster = Lagging(out LogIndex snapshot);
        cluster.Heal();
        cluster.TickAll(4);
        cluster.Restart(3);
        cluster[3].Core.Status.FirstIndex.Should().Be(snapshot.Next());
        cluster.Commit(1, "more");
        cluster[3].State.Should().Equal(cluster[1].State);
    }

    private static SnapshotChunk Chunk(ulong index, ulong term) => new(
        Id(2), Id(1), new Term(term), new SnapshotMetadata(new LogIndex(index), new Term(term), Voters(1, 2, 3)), 0, 0, ReadOnlyMemory<byte>.Empty);
}
