using GaleLb.Raft;
using GaleLb.TestKit;

namespace GaleLb.Replica.Tests.Driver;

/// <summary>How clusters come to be, and how a directory that lost its memory is kept from voting.</summary>
public sealed class FoundingDriverTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Start_AllOfTheList_FoundsAtOnceInTheFirstTerm()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();

        DriverNode leader = cluster.Elect();

        cluster.Now.Should().BeLessThan(TimeSpan.FromSeconds(1));
        leader.Number.Should().Be(0);
        leader.Status!.Term.Should().Be(new Term(1));
    }

    [Fact]
    public void Start_OneAddress_FoundsAlone()
    {
        DriverCluster cluster = new DriverCluster(1).StartAll();

        DriverNode leader = cluster.Elect();

        cluster.Propose(leader, "one").Outcome.Should().Be(ProposalOutcome.Committed);
    }

    [Fact]
    public void Start_OneOfThree_WaitsAndSaysForWhom()
    {
        DriverCluster cluster = new(3);
        cluster.Nodes[0].Start();

        cluster.Run(TimeSpan.FromSeconds(20));

        ReplicaStatus status = cluster.Nodes[0].Status!;
        status.DirectoryEmpty.Should().BeTrue();
        status.Founding.Waiting.Should().BeTrue();
        status.Founding.Reason.Should().Contain("10.0.0.2:9090").And.Contain("10.0.0.3:9090");
        status.Term.Should().Be(Term.Zero);
    }

    [Fact]
    public void Start_ThirdComesLate_FillsItsVacantSeatByItself()
    {
        DriverCluster cluster = new(3);
        cluster.Nodes[0].Start();
        cluster.Nodes[1].Start();
        DriverNode leader = cluster.Elect();
        leader.Status!.Membership.Members.Should().ContainSingle(m => m.Vacant).Which.Address.Should().Be("10.0.0.3:9090");
        leader.Status!.Membership.Quorum.Should().Be(2);

        cluster.Nodes[2].Start();

        cluster.RunUntil(
            () => cluster.Nodes.All(n => n.Status!.Membership is { Voters.Length: 3 } m && !m.Members.Any(x => x.Vacant)), Patience)
            .Should().BeTrue(cluster.Describe());
        leader.Status!.Membership.Find(cluster.Nodes[2].Id)!.Address.Should().Be("10.0.0.3:9090");
    }

    [Fact]
    public void Start_LeaderDiesBetweenRemovingAndAdding_TheNextLeaderFillsTheSeat()
    {
        DriverCluster cluster = new(5);
        foreach (DriverNode node in cluster.Nodes.Take(4))
            node.Start();
        DriverNode first = cluster.Elect();
        cluster.Nodes[4].Start();
        cluster.RunUntil(() => cluster.Nodes.Take(4).All(n => n.Status!.Membership.Members.Length == 4), Patience).Should().BeTrue(cluster.Describe());
        first.Crash();

        cluster.RunUntil(
            () => cluster.Leader is { } l && l != first && l.Status!.Membership.IsVoter(cluster.Nodes[4].Id), Patience).Should().BeTrue(cluster.Describe());
    }

    [Fact]
    public void Start_WipedMember_NeitherVotesNorComesBackInByItself()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        cluster.Propose(leader, "kept");
        DriverNode wiped = cluster.Nodes.First(n => n != leader);
        DriverNode other = cluster.Nodes.First(n => n != leader && n != wiped);
        MemberId former = wiped.Id;
        wiped.Wipe();
        wiped.Start();
        cluster.Run(TimeSpan.FromSeconds(5));

        wiped.Id.Should().NotBe(former);
        wiped.Status!.DirectoryEmpty.Should().BeTrue();
        wiped.Status!.Founding.Reason.Should().Contain("has a cluster");
        leader.Status!.Membership.Find(former).Should().NotBeNull();

        // With one member and one stranger left there must be no leader, however long they wait.
        DriverNode remaining = cluster.Leader == other ? leader : other;
        cluster.Leader!.Stop();
        cluster.Run(TimeSpan.FromSeconds(30));
        cluster.Nodes.Where(n => n.Runs).Should().OnlyContain(n => n.Status!.Role != RaftRole.Leader);
        wiped.Status!.DirectoryEmpty.Should().BeTrue();
        remaining.Machine.Commands.Should().Equal("kept");
    }

    [Fact]
    public void ChangeMembership_WipedMemberReplaced_LearnsAndVotesAgain()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        DriverNode leader = cluster.Elect();
        cluster.Propose(leader, "kept");
        DriverNode wiped = cluster.Nodes.First(n => n != leader);
        MemberId former = wiped.Id;
        wiped.Wipe();
        wiped.Start();

        ulong removed = leader.ChangeMembership(m => m.Without(former));
        cluster.RunUntil(() => leader.Proposals.ContainsKey(removed), Patience);
        leader.Proposals[removed].Outcome.Should().Be(ProposalOutcome.Committed);
        ulong added = leader.ChangeMembership(m => m.With(new Member(wiped.Id, wiped.Options.Address, MemberRole.Learner)));
        cluster.RunUntil(() => leader.Proposals.ContainsKey(added), Patience);
        leader.Proposals[added].Outcome.Should().Be(ProposalOutcome.Committed);

        cluster.RunUntil(() => leader.Status!.Membership.IsVoter(wiped.Id) && wiped.Machine.Commands.Count == 1, Patience)
            .Should().BeTrue(cluster.Describe());
    }

    [Fact]
    public void Start_FounderCrashesBeforeAnyoneHasItsLog_IsElectedWhenItReturns()
    {
        DriverCluster cluster = new DriverCluster(3).StartAll();
        cluster.Admit = m => m is not AppendRequest;
        DriverNode founder = cluster.Nodes[0];
        cluster.RunUntil(() => founder.Status!.LastIndex > LogIndex.Zero, Patience).Should().BeTrue();
        cluster.Run(TimeSpan.FromMilliseconds(150));
        founder.Crash();
        cluster.Run(TimeSpan.FromSeconds(10));
        cluster.Nodes.Skip(1).Should().OnlyContain(n => n.Status!.DirectoryEmpty);
        cluster.Admit = _ => true;

        founder.Start();

        cluster.Elect();
        cluster.RunUntil(() => cluster.Nodes.All(n => !n.Status!.DirectoryEmpty), Patience).Should().BeTrue(cluster.Describe());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Start_CrashesAndCutsAmidFounding_OneClusterComesOfIt(ulong seed)
    {
        DriverCluster cluster = new DriverCluster(3, seed).StartAll();
        SeededRandomness chance = new(seed);
        for (int i = 0; i < 12; i++)
        {
            DriverNode node = cluster.Nodes[chance.Next(3)];
            switch (chance.Next(3))
            {
                case 0 when node.Runs:
                    node.Crash();
                    break;
                case 1:
                    cluster.Isolate(node.Number);
                    break;
                default:
                    cluster.Heal();
                    break;
            }

            cluster.Run(TimeSpan.FromMilliseconds(chance.Next(900)));
            foreach (DriverNode down in cluster.Nodes.Where(n => !n.Runs).ToList())
                down.Start();
        }

        cluster.Heal();
        DriverNode leader = cluster.Elect();
        cluster.Propose(leader, "one").Outcome.Should().Be(ProposalOutcome.Committed, cluster.Describe());
        cluster.RunUntil(() => cluster.Nodes.All(n => n.Machine.Commands.Count == 1 && n.Status!.Membership.IsVoter(n.Id)), Patience)
            .Should().BeTrue(cluster.Describe());
        cluster.Nodes.Select(n => n.Status!.Membership).Distinct().Should().ContainSingle();
    }
}
