using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>
/// Replicas of two releases in one cluster. The older one is this one that applies, and says it applies, states of the first version
/// alone (GALE_STATE_VERSION_MAX).
/// </summary>
public sealed class StateVersionTests : BareReplicaTests
{
    private const string OfTheOlderRelease = "GALE_STATE_VERSION_MAX=1";
    private const uint Newest = 2;
    private static readonly TimeSpan LongEnoughToRaise = TimeSpan.FromSeconds(3);

    private int _orders;

    [RootFact]
    public async Task Upgrade_OneReplicaAfterTheOther_RaisesTheVersionOnceAllCanApplyIt()
    {
        foreach (var replica in Cluster.AllReplicas)
        {
            await Replicas.RestartAsync(replica, [], OfTheOlderRelease);
        }

        await AgreeAsync(version: 1);
        foreach (var replica in Cluster.AllReplicas)
        {
            await Replicas.RestartAsync(replica, []);
            await Replicas.AgreeAsync([.. Cluster.AllReplicas]);
            await OrderThroughEachAsync();
            if (replica < Topology.Replicas)
            {
                await Task.Delay(LongEnoughToRaise);
                await AgreeAsync(version: 1);
            }
        }

        await AgreeAsync(Newest);
        await OrderThroughEachAsync();
        await AgreeAsync(Newest);
    }

    [RootFact]
    public async Task Downgrade_BehindTheStatesVersion_IsRefusedInWordsWhileTheOthersGoOn()
    {
        foreach (var replica in Cluster.AllReplicas)
        {
            await Replicas.RestartAsync(replica, []);
        }

        await AgreeAsync(Newest);
        await Replicas.RestartAsync(3, [], OfTheOlderRelease);

        foreach (var replica in new[] { 1, 2 })
        {
            await Eventually.HoldsAsync($"lb-{replica} refuses the older release, and says what makes it one", async () =>
                (await Replicas.Api(replica).RefusedAsync()).TryGetValue(BareReplicas.Address(3), out var refusal)
                && refusal.GetProperty("reason").GetString() ==
                    $"GALE_STATE_VERSION_MAX has {BareReplicas.Address(3)} apply states up to version 1, and this cluster's is 2: unset it there");
        }

        await Replicas.AgreeAsync(1, 2);
        await Replicas.Api(1).OrderAsync(HttpMethod.Post, "/api/v1/blocks", new { cidr = "203.0.113.250" });

        await Replicas.RestartAsync(3, []);
        await AgreeAsync(Newest);
    }

    private async Task OrderThroughEachAsync()
    {
        foreach (var replica in Cluster.AllReplicas)
        {
            await Replicas.Api(replica).OrderAsync(HttpMethod.Post, "/api/v1/blocks", new { cidr = $"203.0.113.{++_orders}", reason = $"through lb-{replica}" });
        }
    }

    /// <summary>Waits until all three have one and the same state, of this version.</summary>
    private Task<TimeSpan> AgreeAsync(uint version) => Eventually.HoldsAsync($"the replicas have the same state, of version {version}", async () =>
    {
        var states = await Task.WhenAll(Cluster.AllReplicas.Select(replica => Replicas.Api(replica).GetAsync("/api/v1/state")));
        return states.Select(state => (state.GetProperty("applied_index").GetUInt64(), state.GetProperty("state_digest").GetString(), state.GetProperty("table_digest").GetString()))
                .Distinct().Count() == 1
            && states[0].GetProperty("state_version").GetUInt32() == version;
    });
}
