using GaleLb.Raft;
using GaleLb.TestKit;

namespace GaleLb.Replica.Tests.Driver;

public sealed class LeaseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Read_UnderALease_IsAnsweredAtOnce()
    {
        (DriverCluster cluster, DriverNode leader) = Lead();
        Answered(cluster, leader, leader.Read());
        TimeSpan asked = cluster.Now;

        ulong second = leader.Read();

        leader.Reads[second].Index.Should().NotBeNull();
        cluster.Now.Should().Be(asked);
    }

    [Fact]
    public void Read_LeaseOver_AsksAgain()
    {
        (DriverCluster cluster, DriverNode leader) = Lead();
        Answered(cluster, leader, leader.Read());
        cluster.Run(TimeSpan.FromMilliseconds(217));

        ulong second = leader.Read();

        leader.Reads.Should().NotContainKey(second);
        Answered(cluster, leader, second).Should().NotBeNull();
    }

    [Fact]
    public void Read_WithoutTheOption_AlwaysAsks()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        Answered(cluster, leader, leader.Read());

        leader.Reads.Should().NotContainKey(leader.Read());
    }

    /// <summary>(1) A leader gets a lease, (2) is paused, (3) another is elected and commits, (4) it wakes and is read from before it hears of that.</summary>
    [Fact]
    public void Read_AfterAPause_IsNeverStale()
    {
        (DriverCluster cluster, DriverNode old) = Lead();
        Answered(cluster, old, old.Read());
        old.Pause(TimeSpan.FromSeconds(5));
        ulong read = old.Read();
        cluster.RunUntil(() => cluster.Nodes.Any(n => n != old && n.Status!.Role == RaftRole.Leader && n.Status.LeaderContact), Patience).Should().BeTrue();
        DriverNode next = cluster.Nodes.First(n => n != old && n.Status!.Role == RaftRole.Leader);
        ProposalResult written = cluster.Propose(next, "new");
        written.Outcome.Should().Be(ProposalOutcome.Committed);

        LogIndex? index = Answered(cluster, old, read);

        (index is null || index >= written.Index).Should().BeTrue();
    }

    [Fact]
    public void Read_TransferBegun_NoLeaseInThisTerm()
    {
        (DriverCluster cluster, DriverNode leader) = Lead();
        cluster.Admit = m => m is not TimeoutNow;
        Answered(cluster, leader, leader.Read());
        leader.Transfer(cluster.Nodes.First(n => n != leader).Id);

        leader.Reads.Should().NotContainKey(leader.Read());
    }

    [Fact]
    public void Vote_JustRestarted_IsRefusedForAnElectionTimeout()
    {
        (DriverCluster cluster, DriverNode leader) = Lead();
        DriverNode voter = cluster.Nodes.First(n => n != leader);
        DriverNode other = cluster.Nodes.First(n => n != leader && n != voter);
        cluster.Run(TimeSpan.FromSeconds(1));
        cluster.Isolate(leader.Number);
        List<TimeSpan> granted = [];
        cluster.Admit = m =>
        {
            if (m is VoteResponse { Granted: true } && m.From == voter.Id)
                granted.Add(cluster.Now);
            return true;
        };
        cluster.Run(TimeSpan.FromMilliseconds(250));
        voter.Stop();
        voter.Start();
        TimeSpan restarted = cluster.Now;

        cluster.RunUntil(() => granted.Count > 0 || voter.Status!.Role == RaftRole.Leader, Patience).Should().BeTrue();

        cluster.Now.Should().BeGreaterThanOrEqualTo(restarted + TimeSpan.FromMilliseconds(300));
        other.Runs.Should().BeTrue();
    }

    [Theory]
    [MemberData(nameof(ChaosTests.Seeds), 12, MemberType = typeof(ChaosTests))]
    public void Read_RandomFaults_SeesWhatWasAcknowledged(ulong seed)
    {
        Chaos chaos = new(seed, leaseReads: true);
        chaos.Run(rounds: 100);
        chaos.HealAndCheck();
        chaos.ReadsAnswered.Should().BePositive();
    }

    private static (DriverCluster Cluster, DriverNode Leader) Lead()
    {
        DriverCluster cluster = new DriverCluster(3, adjust: o => o with { LeaseReads = true }).StartAll();
        DriverNode leader = cluster.Elect();
        cluster.Run(TimeSpan.FromSeconds(1));
        return (cluster, leader);
    }

    private static LogIndex? Answered(DriverCluster cluster, DriverNode node, ulong token)
    {
        cluster.RunUntil(() => node.Reads.ContainsKey(token), Patience).Should().BeTrue();
        return node.Reads[token].Index;
    }
}
