using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>What becomes of requests when a node dies, leaves, or stops serving.</summary>
public sealed class NodeFailureTests(ClusterFixture fixture) : ClusterTests(fixture), IClassFixture<ClusterFixture>
{
    [RootFact]
    public Task Node_Killed_IsOutOfAllTablesAndNoNewConnectionFailsAfterwards() => ObserveAsync(async () =>
    {
        Cluster.KillNode(2);

        await Cluster.WaitForRoutableAsync(2, Cluster.AllReplicas);
        foreach (var replica in Cluster.AllReplicas)
        {
            (await Cluster.Api(replica).RingAsync(Cluster.Service)).Should().NotContainKey("node-2");
            var answers = await ClientRequests.ManyAsync(replica, 200);
            answers.Should().OnlyContain(answer => answer.Failure == null);
            answers.Select(answer => answer.Node).Should().NotContain("node-2");
        }

        (await Cluster.Api(1).NodeAsync("node-2"))!.Fails.Should().BeGreaterThan(0);
    });

    [RootFact]
    public Task Node_Leaving_IsOutAtOnceWithoutAFailAndWithoutAFailedRequest() => ObserveAsync(async () =>
    {
        var failsBefore = (await Cluster.Api(1).NodeAsync("node-3"))!.Fails;
        await using var load = Load.Through(1, 2, 3);

        (await Cluster.Node(3).TerminateAsync()).Should().Be(0);

        await Cluster.WaitForRoutableAsync(2, Cluster.AllReplicas);
        (await Cluster.Api(1).NodeAsync("node-3"))!.Fails.Should().Be(failsBefore);
        (await load.StopAsync()).Should().OnlyContain(answer => answer.Failure == null);
    });

    [RootFact]
    public Task NodeService_Dead_TakesTheNodeOutAndItsReturnBringsItBack() => ObserveAsync(async () =>
    {
        Cluster.NodeService(1).Kill();
        await Cluster.WaitForRoutableAsync(2, Cluster.AllReplicas);
        Cluster.Node(1).IsRunning.Should().BeTrue();
        (await ClientRequests.ManyAsync(2, 100)).Should().OnlyContain(answer => answer.Failure == null && answer.Node != "node-1");

        await Cluster.StartNodeAsync(1);

        await Cluster.WaitForRoutableAsync(3, Cluster.AllReplicas);
    });

    [RootFact]
    public Task Node_UnpluggedAndBack_PassesItsChecksAgain() => ObserveAsync(async () =>
    {
        try
        {
            await Topology.PlugAsync("node-1", plugged: false);
            await Cluster.WaitForRoutableAsync(2, Cluster.AllReplicas);
        }
        finally
        {
            await Topology.PlugAsync("node-1", plugged: true);
        }

        await Cluster.WaitForRoutableAsync(3, Cluster.AllReplicas);
    });
}
