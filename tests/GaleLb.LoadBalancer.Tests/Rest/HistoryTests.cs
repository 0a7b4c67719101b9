using System.Text.Json;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.History;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class HistoryTests : IAsyncLifetime
{
    private const string Packet = "explain?src=198.51.100.7:40000&dst=203.0.113.10:8080";

    private ApiHarness _api = null!;

    public async Task InitializeAsync() => _api = (await ApiHarness.StartAsync()).WithRoutable(3);

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Fact]
    public async Task State_OfAnEarlierIndex_IsWhatItWasThen()
    {
        LogIndex then = _api.State.AppliedIndex;
        JsonElement before = (await _api.GetAsync("state")).Being(200).Json;
        await _api.SendAsync("POST", "nodes/node-2/drain");
        await _api.SendAsync("POST", "blocks", """{"cidr":"192.0.2.0/24","reason":"noise"}""");

        ApiAnswer past = (await _api.GetAsync($"state?index={then}")).Being(200);

        past.Json.GetRawText().Should().Be(before.GetRawText());
        past["applied_index"].Should().Be($"{then}");
        past["table_digest"].Should().Be(ForwardingTableBuilder.Derive(_api.Machine.History.Find(then)!).Digest);
        NodeState(past.Json, "node-2").Should().Be("routable");
        JsonElement now = (await _api.GetAsync("state")).Being(200).Json;
        NodeState(now, "node-2").Should().Be("draining");
        now.GetProperty("blocks")[0].GetProperty("cidr").GetString().Should().Be("192.0.2.0/24");
        now.GetProperty("state_digest").GetString().Should().HaveLength(64).And.NotBe(past["state_digest"]);
        now.GetProperty("baseline").GetProperty("services.default.port").GetString().Should().Be("8080");
    }

    [Fact]
    public async Task State_OfEachKindOfRecord_IsThereWhole()
    {
        await _api.SendAsync("POST", "blacklist", """{"node":"node-1","duration":"5m","reason":"disk"}""");
        await _api.SendAsync("DELETE", "nodes/node-3");

        JsonElement state = (await _api.GetAsync("state")).Being(200).Json;

        state.GetProperty("services")[0].GetProperty("nodes").GetInt32().Should().Be(1);
        state.GetProperty("blacklist")[0].GetProperty("reason").GetString().Should().Be("disk");
        state.GetProperty("retired_places").EnumerateArray().Select(p => p.GetProperty("node").GetString()).Should().Equal("node-3");
        state.GetProperty("nodes")[1].GetProperty("address").GetString().Should().Be("10.98.2.102");
        state.GetProperty("node_health").GetProperty("node_health.checks_timeout").GetString().Should().Be("5000");
        state.GetProperty("events").GetInt32().Should().Be(_api.State.Events.Count);
    }

    [Theory]
    [InlineData("state?index={0}", "index")]
    [InlineData("diff?from={0}&to=8", "from")]
    [InlineData("diff?from=8&to={0}", "to")]
    [InlineData("explain?src=198.51.100.7:40000&dst=203.0.113.10:8080&index={0}", "index")]
    public async Task Index_ThatHasNoStateHere_IsRefusedAndWhy(string path, string field)
    {
        for (int i = 0; i < StateHistory.StatesMax; i++)
            _api.Replica.Apply(new UndrainNode("node-1"));
        LogIndex newest = _api.State.AppliedIndex, oldest = _api.Machine.History.Oldest;
        path = path.Replace("=8", $"={newest}", StringComparison.Ordinal).Replace($"={newest}080", "=8080", StringComparison.Ordinal);
        string Of(object index) => path.Replace("{0}", $"{index}", StringComparison.Ordinal);

        ApiAnswer gone = (await _api.GetAsync(Of(oldest.Value - 1))).Being(410);
        (gone["field"], gone["oldest_index"]).Should().Be((field, $"{oldest}"));
        gone["detail"].Should().Contain($"the oldest one is {oldest}");
        (await _api.GetAsync(Of(0))).Being(410);
        (await _api.GetAsync(Of(oldest))).Being(200);
        (await _api.GetAsync(Of(newest))).Being(200);
        ApiAnswer future = (await _api.GetAsync(Of(newest.Value + 1))).Being(404);
        future["field"].Should().Be(field);
        future["detail"].Should().Contain($"the newest one is {newest}");
        foreach (string bad in new[] { "", "-1", "1.5", "x", "%2B1", "18446744073709551616" })
            (await _api.GetAsync(Of(bad))).Being(400)["field"].Should().Be(field);
    }

    [Fact]
    public async Task Events_AfterWhatIsNoIndex_AreRefused() =>
        (await _api.GetAsync("events?after=yesterday")).Being(400)["field"].Should().Be("after");

    [Fact]
    public async Task Diff_OfADrain_NamesTheNodeAndTheSlots()
    {
        LogIndex then = _api.State.AppliedIndex;
        await _api.SendAsync("POST", "nodes/node-2/drain");

        ApiAnswer diff = (await _api.GetAsync($"diff?from={then}&to={_api.State.AppliedIndex}")).Being(200);

        JsonElement node = diff.Json.GetProperty("nodes").EnumerateArray().Single();
        (node.GetProperty("id").GetString(), node.GetProperty("change").GetString()).Should().Be(("node-2", "changed"));
        node.GetProperty("fields").EnumerateArray().Select(f => f.GetRawText()).Should().Contain(
            """{"field":"state","from":"routable","to":"draining"}""");
        diff.Json.GetProperty("slots")[0].GetProperty("summary").GetString().Should().Contain("of slots of service default move");
        (diff["from"], diff["to"], diff["settings"], diff["blocks"]).Should().Be(($"{then}", $"{then.Value + 1}", "[]", "[]"));
    }

    [Fact]
    public async Task Explain_OfAnEarlierIndex_IsByTheTableOfThen()
    {
        _api.Replica.Apply(new AddService(new State.Services.ServiceDefinition(
            "web", [System.Net.IPAddress.Parse("203.0.113.10")], 8080, Protocol.Tcp, ForwardingMode.L4, HashPolicy.FiveTuple, 8080))).IsOk.Should().BeTrue();
        _api.Tables.Release();
        _api.Tables.Reconcile();
        ApiAnswer before = (await _api.GetAsync(Packet)).Being(200);
        LogIndex then = _api.State.AppliedIndex;
        await _api.SendAsync("POST", $"nodes/{before["node"]}/drain");
        _api.Tables.Reconcile();

        ApiAnswer past = (await _api.GetAsync($"{Packet}&index={then}")).Being(200);

        (past["node"], past["slot"], past["table_digest"]).Should().Be((before["node"], before["slot"], before["table_digest"]));
        (before["verdict"], past["verdict"]).Should().Be(("refuse", "forward"), "no next hop is resolved here, and those of then are not known");
        (past["applied_index"], past["basis"], past["in_kernel"]).Should().Be(($"{then}", "table", "false"));
        past["why"].Should().Contain("not from the kernel");
        ApiAnswer now = (await _api.GetAsync(Packet)).Being(200);
        (now["basis"], now["in_kernel"]).Should().Be(("table", "true"), "there are no programs here to ask");
        now["node"].Should().NotBe(before["node"]);
        now["why"].Should().NotContain("not from the kernel");
    }

    [Fact]
    public async Task Ring_WithAndWithoutAReconciledTable_IsThatOfTheAppliedState()
    {
        ApiAnswer derived = (await _api.GetAsync("services/default/ring")).Being(200);
        _api.Tables.Reconcile();
        ApiAnswer kept = (await _api.GetAsync("services/default/ring")).Being(200);

        kept.Json.GetRawText().Should().Be(derived.Json.GetRawText());
        (kept["applied_index"], kept["table_digest"]).Should().Be(($"{_api.State.AppliedIndex}", _api.Tables.View.Digest));
    }

    private static string? NodeState(JsonElement state, string node) =>
        state.GetProperty("nodes").EnumerateArray().Single(n => n.GetProperty("id").GetString() == node).GetProperty("state").GetString();
}
