using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Commands;
using GaleLb.State.Nodes;

namespace GaleLb.LoadBalancer.Tests.Nodes;

public sealed class LeaderDutiesTests
{
    private static readonly (string, string) One = ("n1", "10.98.2.101");
    private static readonly (string, string) Two = ("n2", "10.98.2.102");
    private static readonly MemberId Second = new(0x22);

    [Fact]
    public async Task Round_NotLeading_ProposesNothing()
    {
        await using NodeSide side = new(founded: false);
        side.Replica.Role = RaftRole.Follower;

        await side.RoundAsync();

        side.Machine.AppliedIndex.Should().Be(LogIndex.Zero);
        side.Told.Lines.Should().BeEmpty("nothing was tried either");
    }

    [Fact]
    public async Task Round_NewCluster_FoundsItOnceWithTheFilesSettings()
    {
        await using NodeSide side = new(founded: false, checksTimeout: "7s");

        await side.RoundAsync();
        ClusterId founded = side.State.ClusterId;
        await side.RoundAsync();
        LogIndex versionRaised = side.Machine.AppliedIndex;
        await side.RoundAsync();

        side.State.IsFounded.Should().BeTrue();
        side.State.NodeHealth.ChecksTimeoutMs.Should().Be(7000);
        side.State.ClusterId.Should().Be(founded);
        side.Machine.AppliedIndex.Should().Be(versionRaised, "there is nothing more to say");
    }

    [Fact]
    public async Task Round_NodeHeard_IsRegisteredAndRoutedAfterItsPasses()
    {
        await using NodeSide side = new();

        await side.RunAsync(1.9, One);
        side.Node("n1").Phase.Should().Be(NodePhase.Probing);
        await side.RunAsync(1.2, One);

        side.Node("n1").Phase.Should().Be(NodePhase.Routable);
    }

    [Fact]
    public async Task Round_NobodyConfirmsTheLeader_TakesNoOfficeUntilItIs()
    {
        await using NodeSide side = new();
        side.Replica.Confirms = false;
        side.Hear("n1", "10.98.2.101");

        await side.RoundAsync();
        side.State.Nodes.Should().BeEmpty("what earlier leaders committed may not be applied here yet");
        side.Health.Liveness("n1").Should().BeNull();
        side.Replica.Confirms = true;
        await side.RunAsync(1.1, One);

        side.Node("n1").Phase.Should().Be(NodePhase.Probing);
    }

    [Fact]
    public async Task Round_LeadershipLost_ResignsAndStartsOverWhenItIsBack()
    {
        await using NodeSide side = new();
        await side.RunAsync(1.9, One);
        side.Replica.Role = RaftRole.Follower;
        await side.RoundAsync();
        side.Health.Liveness("n1").Should().BeNull();

        side.Replica.Role = RaftRole.Leader;
        await side.RoundAsync();
        await side.RunAsync(1.9, One);

        side.Node("n1").Phase.Should().Be(NodePhase.Probing, "passes start at 0 with every new leader");
        side.Health.Liveness("n1")!.Value.Passes.Should().Be(2);
    }

    [Fact]
    public async Task Round_ProposalIsNotCommitted_IsDecidedAgainAtOnce()
    {
        await using NodeSide side = new();
        await side.RoundAsync();
        side.Hear("n1", "10.98.2.101");
        side.Replica.Refuses = ProposalOutcome.Busy;
        await side.RoundAsync();
        side.State.Nodes.Should().BeEmpty();

        side.Replica.Refuses = null;
        await side.RoundAsync();

        side.Node("n1").Phase.Should().Be(NodePhase.Probing);
        side.Told.Lines.Should().ContainSingle(line => line.Contains("not committed (Busy)"));
    }

    [Fact]
    public async Task Round_MoreDecisionsThanABatchHolds_TakesAsManyEntriesAsNeeded()
    {
        await using NodeSide side = new();
        await side.RoundAsync();
        LogIndex before = side.Machine.AppliedIndex;
        for (int i = 0; i < Batch.CommandsMax + 1; i++)
            side.Hear($"n{i}", $"10.99.{i / 250}.{i % 250 + 1}");

        await side.RoundAsync();

        side.State.Nodes.Should().HaveCount(Batch.CommandsMax + 1);
        side.Machine.AppliedIndex.Value.Should().Be(before.Value + 2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TakeOffice_AgesOfTheOthers_CountOnlyWhenAllTellThem(bool tells)
    {
        await using PeerDouble peer = await PeerDouble.StartAsync(Second);
        await using NodeSide side = new(peers: peer);
        await side.RunAsync(4, One, Two);
        side.Replica.Role = RaftRole.Follower;
        await side.RoundAsync();
        side.Time.Advance(TimeSpan.FromSeconds(3));
        LastHeardResponse ages = new();
        ages.Ages.Add(new NodeAge { Node = "n2", Instance = 1, AgeMs = 3_000 });
        peer.LastHeard = tells ? ages : null;

        side.Replica.Role = RaftRole.Leader;
        await side.RunAsync(2.5, One);

        side.Node("n2").Phase.Should().Be(tells ? NodePhase.Down : NodePhase.Routable);
        side.Told.Lines.Any(line => line.Contains($"{peer.Address} did not say whom it heard")).Should().Be(!tells);
        await side.RunAsync(3, One);
        side.Node("n2").Phase.Should().Be(NodePhase.Down, "a whole checks_timeout has passed");
        side.Node("n1").Phase.Should().Be(NodePhase.Routable);
    }

    [Fact]
    public async Task Round_StagedSettings_AreSwitchedToOnceEveryVotersFileSaysSo()
    {
        await using NodeSide side = new(checksTimeout: "7s");
        FileSettings former = new(SampleOptions.Of(checksTimeout: "5s"));
        side.Replica.Membership = new Membership(
            [new Member(SoleReplica.Id, SoleReplica.Address, MemberRole.Voter), new Member(Second, "10.98.2.2:9090", MemberRole.Voter)]);
        side.Replica.Apply(new StageSettings(former.Cluster)).IsOk.Should().BeTrue();
        side.Replica.Apply(new SwitchSettings(side.State.Staged!.Index)).IsOk.Should().BeTrue();
        side.Replica.Apply(new StageSettings(side.File.Cluster)).IsOk.Should().BeTrue();

        await side.RoundAsync();
        side.State.NodeHealth.ChecksTimeoutMs.Should().Be(5000, "nobody knows the other voter's file");
        side.Meet(new Introduction { MemberId = Second.Value, Address = "10.98.2.2:9090", ConfigDigest = former.Digest });
        await side.RoundAsync();
        side.State.NodeHealth.ChecksTimeoutMs.Should().Be(5000, "it is the former one");
        side.Meet(new Introduction { MemberId = Second.Value, Address = "10.98.2.2:9090", ConfigDigest = side.File.Digest });
        await side.RoundAsync();

        side.State.NodeHealth.ChecksTimeoutMs.Should().Be(7000);
        side.State.Staged.Should().BeNull();
        side.Told.Lines.Should().ContainSingle(line => line.Contains("the cluster goes by them"));
    }

    [Fact]
    public async Task Round_WallClockJumps_ChangesNothing()
    {
        await using NodeSide side = new();
        await side.RunAsync(4, One, Two);
        LogIndex steady = side.Machine.AppliedIndex;

        foreach (int days in new[] { 3650, -3650, 0 })
        {
            side.Time.SetWrong(TimeSpan.FromDays(days));
            await side.RunAsync(3, One, Two);
        }

        side.Machine.AppliedIndex.Should().Be(steady, "nothing is judged by the time of day");
        side.Replica.Apply(new BanNode("n2", 10_000, "test", Force: false)).IsOk.Should().BeTrue();
        side.Time.SetWrong(TimeSpan.FromDays(1));
        await side.RunAsync(9, One, Two);
        side.Node("n2").Phase.Should().Be(NodePhase.Blacklisted);
        await side.RunAsync(2, One, Two);
        side.Node("n2").Phase.Should().NotBe(NodePhase.Blacklisted);
    }
}
