using System.Text.Json.Nodes;

namespace GaleLb.Cli.Tests;

public sealed class ConntrackCommandTests
{
    private const string Connections = """
        {"applied_index":42,"count":2,"truncated":false,"connections":[
          {"protocol":"tcp","client":"203.0.113.9:40000","service":"198.51.100.1:8080","source":"10.0.0.1:20001","node":"10.0.0.11:8080",
           "node_name":"node-1","service_name":"default","state":"established","age_ms":90000,"idle_ms":1500},
          {"protocol":"udp","client":"[2001:db8::9]:5000","service":"[2001:db8::1]:53","source":"[fd00::1]:20002","node":"[fd00::12]:53",
           "node_name":null,"service_name":"dns","state":"half_open","age_ms":20,"idle_ms":20}]}
        """;

    [Fact]
    public async Task Conntrack_TrackedFlows_AreATable()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/connections", Connections);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "conntrack");

        run.ExitCode.Should().Be(0);
        run.Error.Should().BeEmpty();
        run.Lines.Should().Equal(
            "applied index 42", "count 2", "truncated no", "connections",
            "PROTOCOL CLIENT SERVICE SOURCE NODE NODE NAME SERVICE NAME STATE AGE MS IDLE MS",
            "tcp 203.0.113.9:40000 198.51.100.1:8080 10.0.0.1:20001 10.0.0.11:8080 node-1 default established 90000 1500",
            "udp [2001:db8::9]:5000 [2001:db8::1]:53 [fd00::1]:20002 [fd00::12]:53 - dns half_open 20 20");
    }

    [Fact]
    public async Task Conntrack_AsJson_IsTheWholeAnswer()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/connections", Connections);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "conntrack", "-o", "json");

        JsonNode.DeepEquals(JsonNode.Parse(run.Output), JsonNode.Parse(Connections)).Should().BeTrue();
    }

    [Fact]
    public async Task Conntrack_Refused_SaysWhyAndFails()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Refuse("GET /api/v1/connections", 403, "Forbidden", "a token is needed");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "conntrack");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("a token is needed");
    }
}
