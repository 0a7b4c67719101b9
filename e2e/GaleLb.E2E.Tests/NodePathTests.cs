using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>A node has time to find another replica before it is given up.</summary>
public sealed class PatientClusterFixture : ClusterFixture
{
    protected override string[] Settings => ["GALE_CHECKS_TIMEOUT=3s"];
}

/// <summary>The way between a node and its replica, or its replica and the leader, is cut: the node goes to another, and nobody is ejected for it.</summary>
public sealed class NodePathTests(PatientClusterFixture fixture) : ClusterTests(fixture), IClassFixture<PatientClusterFixture>
{
    [RootFact]
    public Task Node_ThatItsReplicaDoesNotHear_GoesToAnother() => MovesOnAsync((node, replica) => Partition.CutNodeAsync(node, replica));

    [RootFact]
    public Task Node_ThatDoesNotHearItsReplica_GoesToAnother() => MovesOnAsync((node, replica) => Partition.CutAnswersAsync(replica, node));

    [RootFact]
    public Task Follower_WithoutItsLeader_SendsItsNodesToOthers() => ObserveAsync(async () =>
    {
        var leader = await Cluster.WaitForLeaderAsync(Cluster.AllReplicas);
        var follower = await FollowerWithANodeAsync(leader);
        await using var load = Load.Through([.. Cluster.AllReplicas]);
        var before = (await Cluster.Api(leader).StatusAsync()).AppliedIndex;
        await Partition.CutBothAsync(leader, follower);
        try
        {
            await Eventually.HoldsAsync($"no node stays at lb-{follower}", async () =>
                await HeardByAsync() is { Count: 3 } heard && !heard.ContainsValue(follower));
        }
        finally
        {
            await Partition.HealAsync();
        }

        await NobodyWasEjectedAsync(before);
        (await load.StopAsync()).Should().OnlyContain(answer => answer.Failure == null);
    });

    private Task MovesOnAsync(Func<int, int, Task> cut) => ObserveAsync(async () =>
    {
        var leader = await Cluster.WaitForLeaderAsync(Cluster.AllReplicas);
        var replica = (await HeardByAsync())[1];
        var before = (await Cluster.Api(leader).StatusAsync()).AppliedIndex;
        await cut(1, replica);
        try
        {
            await Eventually.HoldsAsync($"node-1 is heard by another than lb-{replica}", async () =>
                (await HeardByAsync()).TryGetValue(1, out var now) && now != replica);
        }
        finally
        {
            await Partition.HealAsync();
        }

        await NobodyWasEjectedAsync(before);
    });

    /// <summary>A follower that at least one node talks to. Nodes are at whatever replica they came to: one is moved if need be.</summary>
    private async Task<int> FollowerWithANodeAsync(int leader)
    {
        var heard = await HeardByAsync();
        if (heard.Values.FirstOrDefault(replica => replica != leader) is > 0 and var follower)
        {
            return follower;
        }

        await Partition.CutNodeAsync(1, leader);
        await Eventually.HoldsAsync("node-1 is at a follower", async () =>
            (await HeardByAsync()).TryGetValue(1, out var now) && now != leader);
        await Partition.HealAsync();
        return (await HeardByAsync())[1];
    }

    /// <summary>The replica that each node talks to, by the word of who leads now: a former leader tells what it knew.</summary>
    private async Task<Dictionary<int, int>> HeardByAsync() =>
        (await Cluster.Api(await Cluster.WaitForLeaderAsync(Cluster.AllReplicas)).GetAsync("/api/v1/nodes?consistency=local")).GetProperty("nodes").EnumerateArray()
            .Where(node => node.GetProperty("replica").GetString() is not null)
            .ToDictionary(
                node => int.Parse(node.GetProperty("id").GetString()!["node-".Length..]),
                node => Cluster.AllReplicas.Single(replica => node.GetProperty("replica").GetString()!.StartsWith($"{Topology.PrivateAddress(replica)}:", StringComparison.Ordinal)));

    private async Task NobodyWasEjectedAsync(long after)
    {
        await Cluster.WaitForRoutableAsync(3, Cluster.AllReplicas);
        (await Cluster.Api(1).GetAsync($"/api/v1/events?after={after}")).GetProperty("events").EnumerateArray()
            .Select(told => told.GetProperty("kind").GetString()).Should().NotContain("node_down");
    }
}
