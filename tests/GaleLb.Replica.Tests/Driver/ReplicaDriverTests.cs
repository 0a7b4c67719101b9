using GaleLb.Raft;
using GaleLb.Replica.Storage;
using GaleLb.TestKit;

namespace GaleLb.Replica.Tests.Driver;

public sealed class ReplicaDriverTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Propose_ThreeReplicas_AppliedByAll()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();

        ProposalResult result = cluster.Propose(leader, "one");

        result.Outcome.Should().Be(ProposalOutcome.Committed);
        cluster.RunUntil(() => cluster.Nodes.All(n => n.Machine.Commands.Count == 1), Patience).Should().BeTrue();
        cluster.Nodes.Select(n => n.Status!.Membership).Distinct().Should().ContainSingle();
        leader.Status!.Membership.Members.Should().NotContain(m => m.Vacant);
    }

    [Fact]
    public void Propose_OneClient_CostsOneRoundTripAndConcurrentSyncs()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        TimeSpan asked = cluster.Now;

        cluster.Propose(leader, "one");

        // A message out (1 ms), the follower's write (0.5 ms), a message back (1 ms); the leader's own write runs beside it.
        (cluster.Now - asked).Should().Be(TimeSpan.FromMilliseconds(2.5));
    }

    [Fact]
    public void Propose_AtFollower_RefusedNamingTheLeader()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        DriverNode follower = cluster.Nodes.First(n => n != leader);
        cluster.RunUntil(() => follower.Status!.Leader == leader.Id, Patience);

        ProposalResult result = cluster.Propose(follower, "one");

        result.Outcome.Should().Be(ProposalOutcome.NotLeader);
        result.Leader.Should().Be(leader.Id);
    }

    [Fact]
    public void Start_LogDamaged_OthersMakeItWhole()
    {
        DriverCluster cluster = new DriverCluster(3, adjust: o => o with { Store = o.Store with { SetDamageAside = true } }).StartAll();
        DriverNode leader = cluster.Elect();
        for (int i = 0; i < 20; i++)
            cluster.Propose(leader, $"c{i}").Outcome.Should().Be(ProposalOutcome.Committed);
        DriverNode victim = cluster.Nodes.First(n => n != leader);
        MemberId id = victim.Id;
        victim.Stop();
        victim.Disk.Flip("wal-0000000000000001", 200);

        victim.Start();

        victim.Status!.Loss.Should().Be(LogLoss.Certain);
        victim.Status.DirectoryEmpty.Should().BeFalse("it has a cluster and must found none");
        cluster.RunUntil(() => victim.Machine.Commands.Count == 20 && victim.Status!.Loss == LogLoss.None, Patience).Should().BeTrue(cluster.Describe());
        victim.Id.Should().Be(id);
        cluster.RunUntil(() => !victim.Disk.List().Contains("incomplete"), Patience).Should().BeTrue();
        victim.Disk.List().Should().Contain(f => f.StartsWith("damaged-1-wal-", StringComparison.Ordinal));
    }

    [Fact]
    public void Start_AfterPowerFailureOfAll_KeepsWhatWasAcknowledged()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        for (int i = 0; i < 50; i++)
            cluster.Propose(leader, $"c{i}").Outcome.Should().Be(ProposalOutcome.Committed);

        foreach (DriverNode node in cluster.Nodes)
            node.Crash();
        cluster.StartAll();
        cluster.Elect();

        cluster.RunUntil(() => cluster.Nodes.All(n => n.Machine.Commands.Count == 50), Patience).Should().BeTrue();
    }

    [Fact]
    public void Propose_LeaderCutOff_NeverCalledCommittedAndEndsWithCertainty()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode old = cluster.Elect();
        cluster.Isolate(old.Number);
        ulong lost = old.Propose("lost");
        cluster.RunUntil(() => cluster.Leader is { } l && l != old && l.Status!.LeaderContact, Patience).Should().BeTrue();
        DriverNode leader = cluster.Leader!;
        cluster.Propose(leader, "kept").Outcome.Should().Be(ProposalOutcome.Committed);
        cluster.Heal();

        cluster.RunUntil(() => old.Proposals.ContainsKey(lost) && old.Machine.Commands.Count == 1, Patience).Should().BeTrue();

        old.Proposals[lost].Outcome.Should().BeOneOf(ProposalOutcome.Unknown, ProposalOutcome.NotLeader);
        old.Machine.Commands.Should().Equal("kept");
    }

    [Fact]
    public void Read_AtFollower_WaitsForWhatWasCommitted()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        ProposalResult written = cluster.Propose(leader, "one");
        DriverNode follower = cluster.Nodes.First(n => n != leader);

        ulong token = follower.Read();

        cluster.RunUntil(() => follower.Reads.ContainsKey(token), Patience).Should().BeTrue();
        follower.Reads[token].Index!.Value.Should().BeGreaterThanOrEqualTo(written.Index);
        follower.Machine.Commands.Should().Equal("one");
    }

    [Fact]
    public void Read_NoQuorum_EndsWithoutIndex()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        cluster.Isolate(leader.Number);

        ulong token = leader.Read();

        cluster.RunUntil(() => leader.Reads.ContainsKey(token), Patience).Should().BeTrue();
        leader.Reads[token].Index.Should().BeNull();
    }

    [Fact]
    public void Transfer_ToFollower_MovesLeadership()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        DriverNode next = cluster.Nodes.First(n => n != leader);

        ulong token = leader.Transfer(next.Id);

        cluster.RunUntil(() => leader.Transfers.ContainsKey(token), Patience).Should().BeTrue();
        leader.Transfers[token].Should().BeTrue();
        cluster.Elect().Should().Be(next);
    }

    [Fact]
    public void Start_FarBehind_CatchesUpBySnapshot()
    {
        DriverCluster cluster = new DriverCluster(3, adjust: o => o with
        {
            Snapshots = new SnapshotPolicy { EntriesMax = 40, TrailingEntries = 5 },
            Raft = o.Raft with { SnapshotChunkBytes = 64 },
        }).StartAll();
        DriverNode leader = cluster.Elect();
        DriverNode behind = cluster.Nodes.First(n => n != leader);
        behind.Stop();
        for (int i = 0; i < 200; i++)
            cluster.Propose(leader, $"c{i}").Outcome.Should().Be(ProposalOutcome.Committed);

        behind.Start();

        cluster.RunUntil(() => behind.Machine.Commands.Count == 200, Patience).Should().BeTrue(cluster.Describe());
        behind.Machine.Restored.Should().Be(1);
        behind.Machine.Commands.Should().Equal(leader.Machine.Commands);
        leader.Disk.List().Count(f => f.StartsWith("wal-", StringComparison.Ordinal)).Should().BeLessThan(6, "segments behind the snapshot are removed");
        leader.Disk.List().Count(f => f.StartsWith("snapshot-", StringComparison.Ordinal)).Should().Be(1);

        behind.Crash();
        behind.Start();
        cluster.Propose(cluster.Elect(), "after");
        cluster.RunUntil(() => behind.Machine.Commands.Count == 201, Patience).Should().BeTrue(cluster.Describe());
    }

    [Fact]
    public void Disk_FullAtTheLeader_AnotherLeadsAndItComesBackWithSpace()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode full = cluster.Elect();
        full.Disk.CapacityBytes = full.Disk.List().Sum(full.Disk.Length);
        int committed = 0;
        for (int i = 0; i < 400; i++)
        {
            DriverNode leader = cluster.Elect();
            if (cluster.Propose(leader, $"command number {i}").Outcome == ProposalOutcome.Committed)
                committed++;
        }

        full.DiskFull.Should().BeTrue();
        full.Runs.Should().BeTrue();
        cluster.Elect().Should().NotBe(full);
        committed.Should().BeGreaterThan(390);
        full.Notes.Should().ContainSingle(n => n.Contains("disk is full"));

        full.Disk.CapacityBytes = long.MaxValue;
        cluster.RunUntil(() => !full.DiskFull && full.Machine.Commands.Count == cluster.Leader!.Machine.Commands.Count, Patience)
            .Should().BeTrue(cluster.Describe());
        cluster.Nodes.Should().OnlyContain(n => n.FatalReason == null);
    }

    [Fact]
    public void Disk_FailedSync_EndsTheProcessWithAReason()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        leader.Disk.Before = (_, o) =>
        {
            if (o.Kind == DiskOperationKind.Sync)
                throw new StorageException(StorageFault.Failed, "sync failed: Input/output error");
        };

        ulong token = leader.Propose("one");
        cluster.RunUntil(() => leader.FatalReason is not null, Patience).Should().BeTrue();

        leader.FatalReason.Should().Contain("Input/output error");
        leader.Proposals.Should().NotContainKey(token);
        cluster.Elect().Should().NotBe(leader);
    }

    [Fact]
    public void Disk_StalledUnderTheLeader_AnotherLeadsUntilItAnswers()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        leader.StallDisk(TimeSpan.FromSeconds(30));
        ulong token = leader.Propose("one");
        cluster.RunUntil(() => leader.Status!.Role != RaftRole.Leader, TimeSpan.FromSeconds(1)).Should().BeTrue("it applies nothing that it cannot write");

        DriverNode next = cluster.Elect();
        next.Should().NotBe(leader);
        cluster.Propose(next, "two").Outcome.Should().Be(ProposalOutcome.Committed);
        leader.Notes.Should().ContainSingle(n => n.Contains("disk has not answered"));
        cluster.Run(TimeSpan.FromSeconds(10));
        cluster.Leader.Should().Be(next, "the stalled one does not campaign");

        cluster.RunUntil(() => leader.Machine.Commands.Count == 2, TimeSpan.FromSeconds(25)).Should().BeTrue(cluster.Describe());
        leader.Proposals[token].Outcome.Should().BeOneOf(ProposalOutcome.Committed, ProposalOutcome.Unknown);
        leader.Notes.Should().ContainSingle(n => n.Contains("disk answers again"));
        cluster.Leader.Should().Be(next);
    }

    [Fact]
    public void Disk_SlowButAnswering_IsNoReasonToStepDown()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        for (int i = 0; i < 10; i++)
        {
            leader.StallDisk(TimeSpan.FromMilliseconds(400));
            cluster.Propose(leader, $"{i}").Outcome.Should().Be(ProposalOutcome.Committed);
        }

        cluster.Leader.Should().Be(leader);
    }

    [Fact]
    public void Time_AfterALongPause_DoesNotCallAnElection()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        cluster.Run(TimeSpan.FromSeconds(1));
        Term term = leader.Status!.Term;
        DriverNode paused = cluster.Nodes.First(n => n != leader);

        bool campaigned = false;
        cluster.Admit = m =>
        {
            campaigned |= m is VoteRequest;
            return true;
        };
        paused.Pause(TimeSpan.FromSeconds(10));
        cluster.Run(TimeSpan.FromSeconds(12));

        campaigned.Should().BeFalse();
        cluster.Leader.Should().Be(leader);
        leader.Status!.Term.Should().Be(term);
        paused.Status!.Role.Should().Be(RaftRole.Follower);
        paused.Status!.LeaderContact.Should().BeTrue();
    }

    [Fact]
    public void Status_LeaderGone_LosesContactWithinAnElectionTimeout()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        cluster.Run(TimeSpan.FromSeconds(1));
        DriverNode follower = cluster.Nodes.First(n => n != leader);
        follower.Status!.LeaderContact.Should().BeTrue();
        cluster.Isolate(follower.Number);

        cluster.Run(follower.Options.ElectionTimeoutMax + TimeSpan.FromMilliseconds(100));

        follower.Status!.LeaderContact.Should().BeFalse();
        leader.Status!.LeaderContact.Should().BeTrue();
    }

    [Fact]
    public void Start_AddressChanged_Refused()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode node = cluster.Elect();
        node.Stop();
        node.Options = node.Options with { Address = "10.0.0.99:9090" };

        Action start = node.Start;

        start.Should().Throw<StorageException>().Where(e => e.Fault == StorageFault.Mismatch && e.Message.Contains("10.0.0.99:9090"));
    }
}
