using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>Thousands of connections at once, while nodes come and go.</summary>
public sealed class HeldConnectionTests(ClusterFixture fixture) : ClusterTests(fixture), IClassFixture<ClusterFixture>
{
    private const int Before = 3000;
    private const int Later = 600;

    [RootFact]
    public Task Connections_WhileNodesComeAndGo_StayWithTheirNodesAndOnlyThoseOfADeadNodeBreak() => ObserveAsync(async () =>
    {
        await using var held = new HeldConnections();
        await held.OpenAsync(Before, Cluster.AllReplicas);

        await Cluster.StartNodeAsync(4);
        await Cluster.WaitForRoutableAsync(4, Cluster.AllReplicas);
        await held.OpenAsync(Later, Cluster.AllReplicas);
        await OrderAsync("drain");
        await Cluster.WaitForRoutableAsync(3, Cluster.AllReplicas);
        await AnswersAsync(held, Before);
        await OrderAsync("undrain");
        Cluster.KillNode(1);
        await Cluster.WaitForRoutableAsync(3, Cluster.AllReplicas);
        await AnswersAsync(held, Before);
        await Cluster.StartNodeAsync(1);
        await Cluster.WaitForRoutableAsync(4, Cluster.AllReplicas);
        await held.OpenAsync(Later, Cluster.AllReplicas);
        await AnswersAsync(held, Before);

        var connections = await held.StopAsync();
        connections.Should().HaveCount(Before + Later + Later);
        connections.Where(c => c.Failure?.StartsWith(HeldConnections.Misrouted, StringComparison.Ordinal) is true).Should().BeEmpty();
        connections.Where(c => c.Failure is not null && c.Node != "node-1").Should().BeEmpty("their nodes were there all the time");
        connections.Count(c => c.Failure is not null).Should().BeInRange(Before / 5, (Before + Later) / 2, "node-1 had its share of those opened before its death");
        connections.Select(c => c.Node).Distinct().Should().HaveCount(4);
    });

    private async Task OrderAsync(string order) =>
        (await Cluster.Api(2).SendAsync(HttpMethod.Post, $"/api/v1/nodes/node-2/{order}")).EnsureSuccessStatusCode();

    /// <summary>Waits until so many more requests were answered, which is some on nearly every connection.</summary>
    private static async Task AnswersAsync(HeldConnections held, int more)
    {
        var enough = held.Answers + more;
        await Eventually.HoldsAsync("the connections go on", () => Task.FromResult(held.Answers >= enough));
    }
}
