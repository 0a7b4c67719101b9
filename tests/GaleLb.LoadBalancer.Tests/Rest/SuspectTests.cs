using System.Text.Json;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.State.Commands;
using GaleLb.State.Nodes;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class SuspectTests
{
    [Fact]
    public async Task Suspect_Node_IsShownInStatusNodesAndMetrics()
    {
        await using ApiHarness api = (await ApiHarness.StartAsync()).WithRoutable(4);
        foreach (string node in new[] { "node-1", "node-2", "node-3" })
            api.Replica.Apply(new NodeDown(node, api.State.FindNode(node)!.LastChange, DownReason.Timeout)).IsOk.Should().BeTrue();

        JsonElement counts = (await api.GetAsync("status")).Being(200).Json.GetProperty("nodes");
        (Number(counts, "total"), Number(counts, "routable"), Number(counts, "down"), Number(counts, "suspect")).Should().Be((4, 2, 2, 1));
        (await api.GetAsync("nodes/node-3")).Being(200).Should().Match<ApiAnswer>(n => n["state"] == "routable" && n["suspect"] == "true");
        (await api.GetAsync("nodes/node-4")).Being(200).Should().Match<ApiAnswer>(n => n["state"] == "routable" && n["suspect"] == "false");
        (await api.GetAsync("nodes")).Being(200).Json.GetProperty("nodes").EnumerateArray()
            .Where(n => n.GetProperty("suspect").GetBoolean()).Select(n => n.GetProperty("id").GetString()).Should().Equal("node-3");
        (await api.GetMetricsAsync()).Split('\n').Should().Contain(["galelb_nodes_suspect 1", "galelb_nodes{state=\"routable\"} 2"]);

        api.Replica.Apply(new NodeSuspectCleared("node-3", api.State.FindNode("node-3")!.LastChange)).IsOk.Should().BeTrue();

        Number((await api.GetAsync("status")).Being(200).Json.GetProperty("nodes"), "suspect").Should().Be(0);
        (await api.GetMetricsAsync()).Split('\n').Should().Contain("galelb_nodes_suspect 0");
    }

    private static int Number(JsonElement of, string name) => of.GetProperty(name).GetInt32();
}
