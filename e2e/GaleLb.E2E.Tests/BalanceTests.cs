using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>Requests reach the nodes by the ring's shares, through any replica.</summary>
public sealed class BalanceTests(ClusterFixture fixture) : ClusterTests(fixture), IClassFixture<ClusterFixture>
{
    [RootFact]
    public Task Requests_ThroughEachReplica_AreSharedAsTheRingSays() => ObserveAsync(async () =>
    {
        const int Count = 600;
        foreach (var replica in Cluster.AllReplicas)
        {
            var ring = await Cluster.Api(replica).RingAsync(Cluster.Service);
            ring.Keys.Should().BeEquivalentTo("node-1", "node-2", "node-3");
            ring.Values.Sum().Should().BeApproximately(1.0, 0.001);

            var answers = await ClientRequests.ManyAsync(replica, Count);

            answers.Should().OnlyContain(answer => answer.Failure == null);
            foreach (var (node, share) in ring)
            {
                // Source ports are as good as random: five standard deviations of a binomial.
                var deviation = Math.Sqrt(Count * share * (1 - share));
                answers.Count(answer => answer.Node == node)
                    .Should().BeInRange((int)((Count * share) - (5 * deviation)), (int)((Count * share) + (5 * deviation)), $"{node} has {share:P1} of lb-{replica}'s ring");
            }
        }
    });

    [RootFact]
    public Task Table_OnAllReplicas_IsTheSameAtTheSameIndex() => ObserveAsync(async () =>
        (await Cluster.WaitForSameTableAsync(Cluster.AllReplicas)).Should().MatchRegex("^[0-9a-f]{64}$"));

    [RootFact]
    public Task FourthNode_Joining_GetsItsShareEverywhere() => ObserveAsync(async () =>
    {
        await using var load = Load.Through(1, 2, 3);
        await Cluster.StartNodeAsync(4);
        await Cluster.WaitForRoutableAsync(4, Cluster.AllReplicas);

        foreach (var replica in Cluster.AllReplicas)
        {
            (await Cluster.Api(replica).RingAsync(Cluster.Service))["node-4"].Should().BeApproximately(0.25, 0.02);
            (await ClientRequests.ManyAsync(replica, 400)).Count(answer => answer.Node == "node-4").Should().BeInRange(57, 143);
        }

        (await Cluster.Node(4).TerminateAsync()).Should().Be(0);
        await Cluster.WaitForRoutableAsync(3, Cluster.AllReplicas);
        (await load.StopAsync()).Should().OnlyContain(answer => answer.Failure == null, "a node that comes or leaves costs nobody a request");
        Cluster.KillNode(4);
    });
}
