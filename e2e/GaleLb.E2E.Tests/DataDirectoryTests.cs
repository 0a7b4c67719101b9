using System.Net;
using System.Text.Json;
using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>Copies of data directories, as docs/operations.md has them made: read without a cluster, and put back as a backup.</summary>
public sealed class DataDirectoryTests : BareReplicaTests
{
    private readonly string _copies = Repository.Scratch($"{nameof(DataDirectoryTests)}-copies");

    [RootFact]
    public async Task Replay_OfARunningReplicasCopy_IsTheStateThatTheReplicasHadAtEachIndex()
    {
        await StartAllAsync();
        using var service = Topology.Node(1).Listen(new IPEndPoint(Topology.NodeAddress(1), Topology.ClientsPort));
        using var node = await StartNodeAsync(1);
        await Eventually.HoldsAsync("a node is routable, so that there is a ring", async () => (await Replicas.Api(1).StatusAsync()).Routable == 1);
        List<ulong> indexes = [];
        for (var order = 1; order <= 3; order++)
        {
            indexes.Add((await Replicas.Api(order).OrderAsync(HttpMethod.Post, "/api/v1/blocks", new { cidr = $"203.0.113.{order}" })).GetProperty("index").GetUInt64());
        }

        indexes.Add((await Replicas.Api(1).OrderAsync(HttpMethod.Post, "/api/v1/nodes/node-1/drain?force=true")).GetProperty("index").GetUInt64());
        await Replicas.AgreeAsync([.. Cluster.AllReplicas]);

        var copy = await CopyAsync(2);

        foreach (var index in indexes)
        {
            var replayed = await Command.SucceedAsync(Repository.Binary("galectl"), "replay", copy, "--to", $"{index}", "-o", "json");
            var told = await Replicas.Api(1).GetAsync($"/api/v1/state?index={index}");
            foreach (var property in JsonDocument.Parse(replayed).RootElement.EnumerateObject())
            {
                JsonElement.DeepEquals(property.Value, told.GetProperty(property.Name)).Should().BeTrue(
                    $"{property.Name} at index {index} is {told.GetProperty(property.Name)}; replayed: {property.Value}");
            }
        }
    }

    [RootFact]
    public async Task Backup_OfAllStoppedReplicas_PutBackTogether_IsTheClusterOfThen()
    {
        await StartAllAsync();
        await Replicas.Api(1).OrderAsync(HttpMethod.Post, "/api/v1/blocks", new { cidr = "203.0.113.1", reason = "before" });
        await StopAllAsync();
        foreach (var replica in Cluster.AllReplicas)
        {
            await CopyAsync(replica);
        }

        await StartAllAsync();
        await Replicas.Api(2).OrderAsync(HttpMethod.Post, "/api/v1/blocks", new { cidr = "203.0.113.2", reason = "after" });
        await StopAllAsync();
        foreach (var replica in Cluster.AllReplicas)
        {
            Directory.Delete(Replicas.DataDirectory(replica), recursive: true);
            await Command.SucceedAsync("cp", "-a", CopyOf(replica), Replicas.DataDirectory(replica));
        }

        await StartAllAsync();

        (await BlockedAsync(3)).Should().Equal("203.0.113.1/32");
        await Replicas.Api(3).OrderAsync(HttpMethod.Post, "/api/v1/blocks", new { cidr = "203.0.113.3", reason = "since" });
        (await BlockedAsync(1)).Should().Equal("203.0.113.1/32", "203.0.113.3/32");
    }

    private async Task<string[]> BlockedAsync(int replica) =>
        [.. (await Replicas.Api(replica).GetAsync("/api/v1/blocks")).GetProperty("blocks").EnumerateArray().Select(block => block.GetProperty("cidr").GetString()!)];

    private async Task StartAllAsync()
    {
        foreach (var replica in Cluster.AllReplicas)
        {
            await Replicas.RestartAsync(replica, []);
        }

        await Replicas.AgreeAsync([.. Cluster.AllReplicas]);
    }

    private async Task StopAllAsync()
    {
        foreach (var replica in Cluster.AllReplicas)
        {
            (await Replicas.Process(replica).TerminateAsync()).Should().Be(0);
        }
    }

    private async Task<Daemon> StartNodeAsync(int node)
    {
        var config = Path.Combine(_copies, "node.toml");
        await File.WriteAllTextAsync(config, await Topology.NodeConfigAsync(node));
        return Daemon.Start(Topology.Node(node), Path.Combine(_copies, "node-log"), Repository.Binary("gale-node"), "--config", config);
    }

    private async Task<string> CopyAsync(int replica)
    {
        await Command.SucceedAsync("cp", "-a", Replicas.DataDirectory(replica), CopyOf(replica));
        return CopyOf(replica);
    }

    private string CopyOf(int replica) => Path.Combine(_copies, $"lb-{replica}");
}
