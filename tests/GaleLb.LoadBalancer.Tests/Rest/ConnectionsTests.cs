using System.Net;
using System.Text.Json;
using GaleLb.DataPlane;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class ConnectionsTests : IAsyncLifetime
{
    private ApiHarness _api = null!;

    public async Task InitializeAsync()
    {
        _api = (await ApiHarness.StartAsync()).WithRoutable(2);
        _api.Tables.Release();
        _api.Tables.Reconcile();
    }

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task Get_TrackedFlows_AreShownWithTheNamesOfNodeAndService()
    {
        _api.DataPlane.Flows = [Flow("node-2", port: 40000) with { State = "established", Age = TimeSpan.FromSeconds(90), Idle = TimeSpan.FromMilliseconds(1500) }];

        ApiAnswer answer = (await _api.GetAsync("connections")).Being(200);

        (answer["count"], answer["truncated"]).Should().Be(("1", "false"));
        answer.Json.GetProperty("connections")[0].EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ToString()).Should().Equal(
            new Dictionary<string, string>
            {
                ["protocol"] = "tcp",
                ["client"] = "203.0.113.9:40000",
                ["service"] = "198.51.100.1:8080",
                ["source"] = "10.98.2.1:20001",
                ["node"] = "10.98.2.102:8080",
                ["node_name"] = "node-2",
                ["service_name"] = "default",
                ["state"] = "established",
                ["age_ms"] = "90000",
                ["idle_ms"] = "1500",
            });
    }

    [Fact]
    public async Task Get_MoreThanTheLimit_SaysThatThereMayBeMore()
    {
        _api.DataPlane.Flows = [.. Enumerable.Range(0, 5).Select(i => Flow("node-1", 40000 + i))];

        ApiAnswer some = (await _api.GetAsync("connections?limit=3")).Being(200);
        ApiAnswer all = (await _api.GetAsync("connections?limit=6")).Being(200);

        (some["count"], some["truncated"]).Should().Be(("3", "true"));
        (all["count"], all["truncated"]).Should().Be(("5", "false"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("100001")]
    [InlineData("many")]
    public async Task Get_LimitThatIsNone_NamesTheField(string limit) =>
        (await _api.GetAsync($"connections?limit={limit}")).Being(422)["field"].Should().Be("limit");

    [Fact]
    public async Task Get_FlowOfANodeThatIsGone_HasNoName()
    {
        _api.DataPlane.Flows = [Flow("node-1", 40000) with { NodeIndex = new NodeIndex(99) }];

        ApiAnswer answer = (await _api.GetAsync("connections")).Being(200);

        JsonElement flow = answer.Json.GetProperty("connections")[0];
        flow.GetProperty("node_name").ValueKind.Should().Be(JsonValueKind.Null);
        flow.GetProperty("node").GetString().Should().Be("10.98.2.101:8080");
    }

    private FlowRow Flow(string node, int port)
    {
        ForwardingTable table = _api.Tables.View.Table;
        NodeRow row = table.Nodes.Single(n => n.Name == node);
        return new FlowRow(
            Protocol.Tcp, new IPEndPoint(IPAddress.Parse("203.0.113.9"), port), IPEndPoint.Parse("198.51.100.1:8080"), IPEndPoint.Parse("10.98.2.1:20001"),
            new IPEndPoint(row.Address, 8080), row.Index, table.Services.Single().Id, "half_open", TimeSpan.Zero, TimeSpan.Zero);
    }
}
