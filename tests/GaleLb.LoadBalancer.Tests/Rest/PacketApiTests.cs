using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Tracing;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.LoadBalancer.Watching;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Services;

namespace GaleLb.LoadBalancer.Tests.Rest;

/// <summary>What is asked about packets and connections: of the kernel, filtered, and while they come.</summary>
public sealed class PacketApiTests : IAsyncLifetime
{
    private const string Explain = "explain?src=198.51.100.7:40000&dst=203.0.113.10:8080";

    private ApiHarness _api = null!;

    public async Task InitializeAsync()
    {
        _api = (await ApiHarness.StartAsync()).WithRoutable(2);
        _api.Replica.Apply(new AddService(new ServiceDefinition(
            "web", [IPAddress.Parse("203.0.113.10")], 8080, Protocol.Tcp, ForwardingMode.L2, HashPolicy.FiveTuple, 8080))).IsOk.Should().BeTrue();
        _api.Tables.Release();
        _api.Tables.Reconcile().Should().BeTrue();
    }

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Fact]
    public async Task Explain_TheKernelsWordIsTheAnswer_EvenAgainstTheModel()
    {
        ApiAnswer unasked = (await _api.GetAsync(Explain)).Being(200);
        (unasked["basis"], unasked["verdict"], unasked["reason"]).Should().Be(("table", "refuse", "null"), "no next hop is resolved here");

        NodeRow other = _api.Tables.View.Table.Nodes.Single(n => n.Name == "node-2");
        _api.DataPlane.Decision = new PacketDecision("redirect", "forwarded_l2", null, Service.Id, other.Index);
        ApiAnswer asked = (await _api.GetAsync(Explain)).Being(200);

        (asked["basis"], asked["verdict"], asked["reason"], asked["node"], asked["service"]).Should().Be(("kernel", "forward", "forwarded_l2", "node-2", "web"));
        asked["why"].Should().Contain("asked by test-run: forwarded_l2, to node-2").And.Contain("That is not what the state would have them do");
    }

    [Fact]
    public async Task Explain_WhereModelAndKernelAgree_HasTheStepsAndTheKernelsWord()
    {
        _api.DataPlane.Decision = new PacketDecision("redirect", "drop_unresolved", "reset_sent", Service.Id, new NodeIndex(1));

        ApiAnswer asked = (await _api.GetAsync(Explain)).Being(200);

        (asked["verdict"], asked["reason"], asked["answer"], asked["in_kernel"]).Should().Be(("refuse", "drop_unresolved", "reset_sent", "true"));
        asked["why"].Should().Contain("is service web").And.Contain("drop_unresolved, reset_sent.").And.NotContain("not what the state");
    }

    [Fact]
    public async Task Explain_WhileTheTableLags_SaysThatTheKernelIsNotThere()
    {
        _api.DataPlane.Decision = new PacketDecision("redirect", "forwarded_l2", null, Service.Id, new NodeIndex(1));
        _api.Replica.Apply(new DrainNode("node-1", Force: true)).IsOk.Should().BeTrue();

        (await _api.GetAsync(Explain)).Being(200)["in_kernel"].Should().Be("false");
        _api.Tables.Reconcile();
        (await _api.GetAsync(Explain)).Being(200)["in_kernel"].Should().Be("true");
    }

    [Fact]
    public async Task Connections_WithFilters_AskForThese()
    {
        IPEndPoint client = IPEndPoint.Parse("198.51.100.7:40000"), service = IPEndPoint.Parse("203.0.113.10:8080");
        NodeRow node = _api.Tables.View.Table.Nodes.Single(n => n.Name == "node-2");
        _api.DataPlane.Flows =
        [
            new FlowRow(
                Protocol.Tcp, client, service, IPEndPoint.Parse("10.98.2.1:20000"), IPEndPoint.Parse("10.98.2.102:8080"), node.Index, Service.Id, "established",
                TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(5)),
        ];

        ApiAnswer answer = (await _api.GetAsync("connections?client=198.51.100.0/24&service=web&node=node-2&protocol=tcp&state=established&limit=1")).Being(200);

        _api.DataPlane.AskedFor.Should().BeEquivalentTo(
            new FlowFilter(IPNetwork.Parse("198.51.100.0/24"), [Service.Id], node.Index, Protocol.Tcp, "established"));
        (answer["count"], answer["truncated"]).Should().Be(("1", "true"));
        string row = answer.Json.GetProperty("connections")[0].GetRawText();
        row.Should().Contain("198.51.100.7:40000").And.Contain("\"node_name\":\"node-2\"").And.Contain("\"idle_ms\":5");
        await _api.GetAsync("connections");
        _api.DataPlane.AskedFor.Should().BeEquivalentTo(FlowFilter.Everything);
    }

    [Theory]
    [InlineData("connections?client=198.51.100", 422, "client")]
    [InlineData("connections?client=198.51.100.7/33", 422, "client")]
    [InlineData("connections?service=wep", 404, null)]
    [InlineData("connections?node=node-9", 404, null)]
    [InlineData("connections?protocol=sctp", 422, "protocol")]
    [InlineData("connections?state=open", 422, "state")]
    [InlineData("connections?limit=0", 422, "limit")]
    [InlineData("trace?reason=drop_everything", 422, "reason")]
    [InlineData("trace?address=nowhere", 422, "address")]
    [InlineData("trace?port=65536", 422, "port")]
    [InlineData("trace?one_in=0", 422, "one_in")]
    [InlineData("trace?time=11m", 422, "time")]
    [InlineData("trace?limit=100001", 422, "limit")]
    [InlineData("trace?service=wep", 404, null)]
    public async Task Query_ThatNamesWhatIsNot_IsRefusedByItsField(string path, int status, string? field)
    {
        (await _api.GetAsync(path)).Being(status)["field"].Should().Be(field);
        _api.DataPlane.TracedBy.Should().BeNull();
        _api.DataPlane.AskedFor.Should().BeNull();
    }

    [Fact]
    public async Task Trace_WithFilters_TellsOfPacketsUntilEnough()
    {
        NodeRow node = _api.Tables.View.Table.Nodes.Single(n => n.Name == "node-1");
        TracedPacket packet = new(
            TimeSpan.FromMilliseconds(3), "public", 6, Ends("198.51.100.7:40000", "203.0.113.10:8080"), Ends("10.98.2.1:20000", "10.98.2.101:8080"), 60, 0x12,
            new PacketDecision("redirect", "forwarded_l4", null, Service.Id, node.Index));
        TracedPacket refused = packet with { Left = null, TcpFlags = 2, Decision = new PacketDecision("transmit", "drop_no_nodes", "reset_sent", Service.Id, null) };
        _api.DataPlane.Told.Enqueue([packet]);
        _api.DataPlane.Told.Enqueue([refused, packet, packet]);

        using EventReader stream = await _api.WatchAsync(
            "trace?address=198.51.100.7&port=8080&protocol=tcp&service=web&node=node-1&reason=forwarded_l4,drop_no_nodes&one_in=10&limit=3");

        _api.DataPlane.TracedBy.Should().BeEquivalentTo(new PacketFilter(
            IPNetwork.Parse("198.51.100.7/32"), 8080, 6, Service.Id, node.Index, ["forwarded_l4", "drop_no_nodes"], 10));
        SentEvent first = (await stream.NextAsync())!;
        first.Name.Should().Be("packet");
        Field(first, "source", "destination", "sent_source", "sent_destination").Should().Equal(
            "198.51.100.7:40000", "203.0.113.10:8080", "10.98.2.1:20000", "10.98.2.101:8080");
        Field(first, "tcp_flags", "verdict", "reason", "answer", "service", "node").Should().Equal("SA", "redirect", "forwarded_l4", null, "web", "node-1");
        Field((await stream.NextAsync())!, "sent_source", "reason", "answer", "node").Should().Equal(null, "drop_no_nodes", "reset_sent", null);
        (await stream.NextAsync())!.Name.Should().Be("packet");
        SentEvent end = (await stream.NextAsync())!;
        (end.Name, end.Data).Should().Be(("end", """{"packets":3,"lost":3}"""));
        (await stream.NextAsync()).Should().BeNull();
        _api.DataPlane.Running!.Ended.Should().BeTrue();
    }

    [Fact]
    public async Task Trace_OverItsTime_Ends()
    {
        using EventReader stream = await _api.WatchAsync("trace?time=1m");
        (await _api.GetAsync("trace")).Being(409)["detail"].Should().Contain("one does at a time");

        _api.Time.Advance(TimeSpan.FromMinutes(1));

        (await stream.NextAsync())!.Name.Should().Be("end");
        _api.DataPlane.Running!.Ended.Should().BeTrue();
        using EventReader next = await _api.WatchAsync("trace?time=1m");
    }

    [Fact]
    public async Task Trace_WhoseReaderLeaves_Ends()
    {
        EventReader stream = await _api.WatchAsync("trace?time=10m");
        stream.Dispose();

        await _api.DataPlane.Running!.Ending.WaitAsync(TimeSpan.FromMinutes(2));
    }

    [Fact]
    public async Task Trace_BeyondTheStreamsThatAReplicaServes_IsRefusedAndEnds()
    {
        await using ApiHarness full = await ApiHarness.StartAsync(new WatchOptions { WatchersMax = 0 });

        (await full.GetAsync("trace")).Being(429);

        full.DataPlane.Running!.Ended.Should().BeTrue();
    }

    private ServiceRow Service => _api.Tables.View.Table.Services.Single(s => s.Name == "web");

    private static PacketEnds Ends(string source, string destination) => new(IPEndPoint.Parse(source), IPEndPoint.Parse(destination));

    private static string?[] Field(SentEvent sent, params string[] names) => [.. names.Select(name => sent.Json.GetProperty(name).GetString())];
}
