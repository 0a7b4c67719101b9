using System.Text.Json;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class DryRunTests : IAsyncLifetime
{
    private ApiHarness _api = null!;

    public async Task InitializeAsync() => _api = (await ApiHarness.StartAsync()).WithRoutable(3);

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Theory]
    [InlineData("POST", "nodes/node-1/drain", null)]
    [InlineData("PUT", "nodes/node-1/weight", """{"weight":0}""")]
    [InlineData("DELETE", "nodes/node-1", null)]
    [InlineData("POST", "blacklist", """{"node":"node-1"}""")]
    [InlineData("DELETE", "services/default", null)]
    public async Task DryRun_OfAnOrder_TellsWhichSlotsMoveAndChangesNothing(string method, string path, string? body)
    {
        LogIndex before = _api.State.AppliedIndex;

        ApiAnswer answer = await _api.SendAsync(method, path + "?dry_run=true", body);

        answer.Being(200)["outcome"].Should().Be("would_commit");
        (answer["dry_run"], answer["applied_index"]).Should().Be(("true", $"{before}"));
        _api.State.AppliedIndex.Should().Be(before);
        JsonElement impact = answer.Json.GetProperty("services").EnumerateArray().Single();
        impact.GetProperty("service").GetString().Should().Be("default");
        int moved = impact.GetProperty("moved").GetInt32();
        moved.Should().BeGreaterThanOrEqualTo(ForwardingTable.RingSlots / 3);
        impact.GetProperty("share").GetDouble().Should().BeApproximately((double)moved / ForwardingTable.RingSlots, 1e-6);
        impact.GetProperty("moves").EnumerateArray().Sum(m => m.GetProperty("slots").GetInt32()).Should().Be(moved);
        impact.GetProperty("summary").GetString().Should().Contain("% of slots of service default move: ");
    }

    [Fact]
    public async Task DryRun_OfWhatAGuardRefuses_IsRefusedAsTheOrderWouldBe()
    {
        await _api.SendAsync("POST", "nodes/node-1/drain");
        await _api.SendAsync("POST", "nodes/node-2/drain");

        ApiAnswer answer = await _api.SendAsync("POST", "nodes/node-3/drain?dry_run=true");

        answer.Being(409)["detail"].Should().Contain("the last one of service 'default'");
        (await _api.SendAsync("POST", "nodes/node-3/drain?dry_run=true&force=true")).Being(200);
        _api.State.FindNode("node-3")!.Draining.Should().BeFalse();
    }

    [Theory]
    [InlineData("dry_run=yes", "dry_run")]
    [InlineData("dry_run", "dry_run")]
    [InlineData("force=1", "force")]
    [InlineData("dryrun=true", "dryrun")]
    public async Task Order_WithAQueryThatMeansNothing_IsNotCarriedOut(string query, string field)
    {
        ApiAnswer answer = await _api.SendAsync("POST", "nodes/node-1/drain?" + query);

        answer.Being(422)["field"].Should().Be(field);
        _api.State.FindNode("node-1")!.Draining.Should().BeFalse();
    }
}
