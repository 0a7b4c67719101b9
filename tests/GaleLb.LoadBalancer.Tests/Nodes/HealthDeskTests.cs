using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Nodes;

public sealed class HealthDeskTests
{
    private const string Follower = "10.98.2.2:9090";

    [Fact]
    public async Task Liveness_NodeHeardByAFollower_NamesItAndTheAge()
    {
        await using NodeSide side = new();
        await side.RoundAsync();
        await side.RunAsync(2, ("n1", "10.98.2.101"));

        side.Health.Observe(side.Heard("n1", "10.98.2.101"), TimeSpan.FromMilliseconds(40), Follower);

        side.Health.Liveness("n1").Should().Be(new NodeLiveness(Passes: 3, AgeMs: 40, Follower));
    }

    [Fact]
    public async Task Liveness_NameThatNeverBecameANode_IsForgotten()
    {
        await using NodeSide side = new();
        await side.RoundAsync();
        await side.RunAsync(1, ("n1", "10.98.2.101"));
        // Refused: the address is a living node's.
        side.Health.Observe(side.Heard("stranger", "10.98.2.101"), TimeSpan.Zero, Follower);
        await side.RunAsync(1, ("n1", "10.98.2.101"));
        side.Health.Liveness("stranger")!.Value.Replica.Should().Be(Follower);

        await side.RunAsync(6, ("n1", "10.98.2.101"));

        side.Health.Liveness("stranger").Should().Be(default(NodeLiveness));
    }

    [Fact]
    public async Task Observe_MoreNamesThanAreWatched_RemembersNoMore()
    {
        await using NodeSide side = new();
        await side.RoundAsync();
        HeardNode any = side.Heard("any", "10.98.2.101");
        const int watched = 2 * ForwardingTable.NodesMax;

        for (int i = 0; i <= watched; i++)
            side.Health.Observe(any with { Node = $"n{i}" }, TimeSpan.Zero, Follower);

        side.Health.Liveness($"n{watched - 1}")!.Value.Replica.Should().Be(Follower);
        side.Health.Liveness($"n{watched}").Should().Be(default(NodeLiveness));
    }
}
