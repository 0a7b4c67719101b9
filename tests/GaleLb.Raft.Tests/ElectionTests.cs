using GaleLb.Raft.Tests.Harness;
using static GaleLb.Raft.Tests.Harness.TestCluster;

namespace GaleLb.Raft.Tests;

/// <summary>Thesis §3.4, §3.6.1, §9.6, §6.2.</summary>
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

    [Fact]
    public void Propose_ByLeader_IsAppliedByAll()
    {
        TestCluster cluster = Led(1, Voters(1, 2, 3));
        cluster.Commit(1, "a", "b");
        cluster.Members.Should().OnlyContain(m => m.State.SequenceEqual(new[] { "a", "b" }));
    }

    [Fact]
    public void Found_SingleVoter_LeadsAndCommits()
    {
        var cluster = new TestCluster();
        cluster.Add(1).Core.Found(Voters(1));
        cluster.Settle();
        cluster[1].Core.Status.Role.Should().Be(RaftRole.Leader);
        cluster.Commit(1, "a");
        cluster[1].Applied.Select(e => e.Kind).Should().Equal(EntryKind.Membership, EntryKind.Empty, EntryKind.Command);
    }
}
