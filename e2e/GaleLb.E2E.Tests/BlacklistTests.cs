using System.Diagnostics;
using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>A cluster that blacklists soon and forgives soon.</summary>
public sealed class StrictClusterFixture : ClusterFixture
{
    protected override string[] Settings => ["GALE_BLACK_LIST_AFTER_FAILS=2", "GALE_BLACK_LIST_EXPIRY=6s"];
}

/// <summary>A node that fails too often is not asked for a while, by any replica.</summary>
public sealed class BlacklistTests(StrictClusterFixture fixture) : ClusterTests(fixture), IClassFixture<StrictClusterFixture>
{
    [RootFact]
    public Task Node_FailingTooOften_IsBlacklistedEverywhereUntilItsTimeIsOver() => ObserveAsync(async () =>
    {
        var sinceLastKill = new Stopwatch();
        for (var fail = 1; fail <= 2; fail++)
        {
            sinceLastKill.Restart();
            Cluster.KillNode(1);
            await Cluster.WaitForRoutableAsync(2, Cluster.AllReplicas);
            (await Cluster.Api(2).NodeAsync("node-1"))!.Fails.Should().Be(fail);
            await Cluster.StartNodeAsync(1);
            if (fail < 2)
            {
                await Cluster.WaitForRoutableAsync(3, Cluster.AllReplicas);
            }
        }

        foreach (var replica in Cluster.AllReplicas)
        {
            await Eventually.HoldsAsync($"lb-{replica} lists node-1 as blacklisted", async () =>
                (await Cluster.Api(replica).GetTextAsync("/api/v1/blacklist")).Contains("node-1", StringComparison.Ordinal)
                && (await Cluster.Api(replica).NodeAsync("node-1"))!.State == "blacklisted");
        }

        (await ClientRequests.ManyAsync(1, 100)).Should().OnlyContain(answer => answer.Failure == null && answer.Node != "node-1");
        await Eventually.HoldsAsync("the node's own log says that it is blacklisted", () =>
            Task.FromResult(Cluster.Node(1).Log.Contains("blacklisted", StringComparison.OrdinalIgnoreCase)));

        await Cluster.WaitForRoutableAsync(3, Cluster.AllReplicas);

        sinceLastKill.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(5), "blacklisted means for a while");
        (await Cluster.Api(3).NodeAsync("node-1"))!.Fails.Should().Be(0, "it starts over");
    });
}
