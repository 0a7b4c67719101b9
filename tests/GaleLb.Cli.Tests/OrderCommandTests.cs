using System.Net;
using System.Net.Sockets;

namespace GaleLb.Cli.Tests;

public sealed class OrderCommandTests
{
    private const string Committed = """{"index":43,"outcome":"committed","detail":null,"applied_on":[],"missing":[]}""";

    /// <summary>A command line, and the request that it must become.</summary>
    [Theory]
    [InlineData("node drain node-1", "POST", "/api/v1/nodes/node-1/drain", "")]
    [InlineData("node undrain node-1", "POST", "/api/v1/nodes/node-1/undrain", "")]
    [InlineData("node weight node-1 0", "PUT", "/api/v1/nodes/node-1/weight", """{"weight":0}""")]
    [InlineData("node weight node-1 default", "PUT", "/api/v1/nodes/node-1/weight", """{"weight":null}""")]
    [InlineData("node remove node-1 --force", "DELETE", "/api/v1/nodes/node-1?force=true", "")]
    [InlineData("node drain node-1 --force --wait 1m30s", "POST", "/api/v1/nodes/node-1/drain?force=true&wait=applied&timeout=1m30s", "")]
    [InlineData("ban node-1 --for 10m --reason flapping", "POST", "/api/v1/blacklist", """{"node":"node-1","duration":"10m","reason":"flapping"}""")]
    [InlineData("ban node-1", "POST", "/api/v1/blacklist", """{"node":"node-1"}""")]
    [InlineData("unban node-1", "DELETE", "/api/v1/blacklist/node-1", "")]
    [InlineData("cluster add 10.0.0.4:9090", "POST", "/api/v1/cluster/members", """{"address":"10.0.0.4:9090"}""")]
    [InlineData("cluster remove a1", "DELETE", "/api/v1/cluster/members/a1", "")]
    [InlineData("cluster transfer b2", "POST", "/api/v1/cluster/transfer-leadership", """{"to":"b2"}""")]
    [InlineData("cluster transfer", "POST", "/api/v1/cluster/transfer-leadership", "{}")]
    [InlineData("services add web --port 443 --address 203.0.113.10 --address 203.0.113.11 --target-port 8443", "POST", "/api/v1/services",
        """{"name":"web","addresses":["203.0.113.10","203.0.113.11"],"port":443,"target_port":8443}""")]
    [InlineData("services remove web", "DELETE", "/api/v1/services/web", "")]
    [InlineData("block 203.0.113.7 --for 1h", "POST", "/api/v1/blocks", """{"cidr":"203.0.113.7/32","duration":"1h"}""")]
    [InlineData("unblock 203.0.113.0/24", "DELETE", "/api/v1/blocks/203.0.113.0%2F24", "")]
    public async Task Order_OnTheCommandLine_BecomesItsRequest(string line, string method, string pathAndQuery, string body)
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer($"{method} {pathAndQuery}", Committed);

        GalectlRun run = await GalectlRun.OfAsync([.. line.Split(' '), "--api", replica.Url]);

        run.Error.Should().BeEmpty();
        run.ExitCode.Should().Be(0);
        replica.Received.Should().ContainSingle().Which.Should().Be(new ReceivedRequest(method, pathAndQuery, body, null, "key-1", null));
    }

    [Fact]
    public async Task ConfigStage_AFile_IsSentAsItIs()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("PUT /api/v1/config/staged", Committed);
        string file = SampleFile("5s");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "config", "stage", file);

        run.Error.Should().BeEmpty();
        run.Output.Should().Be("committed at index 43\n");
        replica.Received.Single().Body.Should().Be(await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task ConfigStage_ABadFile_IsToldByItsNameAndNotSent()
    {
        await using ReplicaDouble replica = await ReplicaDouble.StartAsync();
        string file = SampleFile("soon");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "config", "stage", file);

        run.ExitCode.Should().Be(2);
        run.Error.Should().Contain($"{file}:4:").And.Contain("node_health.checks_timeout");
        replica.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task ConfigUnstage_BecomesItsRequest()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("DELETE /api/v1/config/staged", Committed);

        (await GalectlRun.OfAsync("--api", replica.Url, "config", "unstage")).ExitCode.Should().Be(0);
    }

    private static string SampleFile(string checksTimeout)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("galectl-").FullName, "lb.toml");
        File.WriteAllText(file, $$"""
            private_interface.net_interface_private = "priv"
            public_interface.net_interface_public = "pub"
            load_balancer_quorum.addresses = [{ ip = "10.0.0.1", port = 9090 }]
            node_health.checks_timeout = "{{checksTimeout}}"
            """);
        return file;
    }

    [Fact]
    public async Task Order_Committed_AnswersWithItsIndex()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("POST /api/v1/nodes/node-1/drain", Committed);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "node", "drain", "node-1");

        run.Output.Should().Be("committed at index 43\n");
    }

    [Fact]
    public async Task Order_WithIfMatchAndKey_SendsBoth()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("DELETE /api/v1/nodes/node-1", Committed);

        await GalectlRun.OfAsync("--api", replica.Url, "node", "remove", "node-1", "--if-match", "7", "--idempotency-key", "mine");

        replica.Received.Single().IfMatch.Should().Be("\"7\"");
        replica.Received.Single().IdempotencyKey.Should().Be("mine");
    }

    [Fact]
    public async Task Order_AppliedEverywhere_Succeeds()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer(
            "POST /api/v1/nodes/node-1/drain?wait=applied&timeout=5s", """{"index":43,"outcome":"committed","applied_on":["10.0.0.1:9090","10.0.0.2:9090"],"missing":[]}""");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "node", "drain", "node-1", "--wait");

        run.ExitCode.Should().Be(0);
        run.Lines.Should().Equal("committed at index 43", "applied on 10.0.0.1:9090, 10.0.0.2:9090");
    }

    [Fact]
    public async Task Order_NotAppliedSomewhere_FailsAndNamesIt()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer(
            "POST /api/v1/nodes/node-1/drain?wait=applied&timeout=5s", """{"index":43,"outcome":"committed","applied_on":["10.0.0.1:9090"],"missing":["10.0.0.2:9090"]}""");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "node", "drain", "node-1", "--wait");

        run.ExitCode.Should().Be(1);
        run.Lines.Should().EndWith("not yet applied on 10.0.0.2:9090");
    }

    [Fact]
    public async Task Order_WaitedForOnAReplicaThatDoesNotTell_Fails()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer(
            "POST /api/v1/nodes/node-1/drain?wait=applied&timeout=5s", """{"index":43,"outcome":"committed","applied_on":null,"missing":null}""");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "node", "drain", "node-1", "--wait");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("committed at index 43, but this gale-lb does not tell where it is applied");
    }

    [Fact]
    public async Task Order_DryRun_ShowsWhatWouldMove()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer(
            "POST /api/v1/nodes/node-1/drain?dry_run=true",
            """{"dry_run":true,"outcome":"would_commit","applied_index":6,"services":[{"service":"web","slots":65537,"moved":32769,"share":0.500008,"moves":[],"summary":"50.0 % of slots of service web move: 32769 from node-1 to node-2"}]}""");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "node", "drain", "node-1", "--dry-run");

        run.ExitCode.Should().Be(0);
        run.Lines.Should().Equal("it would be carried out", "50.0 % of slots of service web move: 32769 from node-1 to node-2");
    }

    [Fact]
    public async Task Order_DryRunOnAReplicaThatCarriesItOut_Fails()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("POST /api/v1/nodes/node-1/drain?dry_run=true", Committed);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "node", "drain", "node-1", "--dry-run");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("knows no dry run: it carried the order out at index 43");
    }

    [Fact]
    public async Task Order_UnknownToThisVersion_IsSaidSo()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("DELETE /api/v1/services/web", "", 404);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "services", "remove", "web");

        run.ExitCode.Should().Be(1);
        run.Error.TrimEnd().Should().Be("galectl: answered 404 Not Found (this gale-lb does not know DELETE /api/v1/services/web)");
    }

    [Fact]
    public async Task Order_Refused_ShowsTheProblemInWords()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync())
            .Refuse("PUT /api/v1/nodes/node-1/weight", 409, "Refused", "min_routable is 2 and 2 are routable.", "weight");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "node", "weight", "node-1", "0");

        run.ExitCode.Should().Be(1);
        run.Output.Should().BeEmpty();
        run.Error.TrimEnd().Should().Be("galectl: Refused (weight): min_routable is 2 and 2 are routable.");
    }

    [Fact]
    public async Task Order_FirstReplicaHangsUp_IsRepeatedUnderTheSameKey()
    {
        await using HangingUpPort dying = new();
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("POST /api/v1/nodes/node-1/drain", Committed);

        GalectlRun run = await GalectlRun.OfAsync("--api", dying.Url, "--api", replica.Url, "node", "drain", "node-1");

        run.ExitCode.Should().Be(0);
        dying.Requests.Should().BeGreaterThan(0);
        replica.Received.Single().IdempotencyKey.Should().Be("key-1");
    }

    [Fact]
    public async Task Order_OnlyReplicaHangsUp_SaysHowToRepeatIt()
    {
        await using HangingUpPort dying = new();

        GalectlRun run = await GalectlRun.OfAsync("--api", dying.Url, "node", "drain", "node-1");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("To repeat it without doing it twice: --idempotency-key key-1");
    }

    [Fact]
    public async Task Order_NobodyAnswersInTime_SaysHowToRepeatIt()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();

        GalectlRun run = await GalectlRun.OfAsync("--api", $"http://{silent.LocalEndpoint}", "--timeout", "200ms", "node", "drain", "node-1");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("To repeat it without doing it twice: --idempotency-key key-1");
    }

    [Fact]
    public async Task Order_NobodyListens_DoesNotSpeakOfDoubt()
    {
        using ClosedPort closed = new();

        GalectlRun run = await GalectlRun.OfAsync("--api", closed.Url, "node", "drain", "node-1");

        run.ExitCode.Should().Be(1);
        run.Error.Should().NotContain("--idempotency-key");
    }

    [Fact]
    public async Task ServicesSet_OneField_KeepsTheOthersAndComparesTheIndex()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync())
            .Answer("GET /api/v1/services", Recorded.Services).Answer("PUT /api/v1/services/default", Committed);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "services", "set", "default", "--hash", "source");

        run.ExitCode.Should().Be(0);
        ReceivedRequest put = replica.Received[^1];
        put.IfMatch.Should().Be("\"1\"");
        put.Body.Should().Be(
            """{"name":"default","addresses":[],"port":8080,"protocol":"tcp","forwarding":"l4","hash":"source","target_port":8080}""");
    }

    [Fact]
    public async Task ServicesSet_UnknownService_NamesThoseThatExist()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/services", Recorded.Services);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "services", "set", "web", "--hash", "source");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("there is no service \"web\"; there are default");
    }

    [Theory]
    [InlineData("node weight node-1 1001", "\"1001\" is not a weight; expected 0 to 1000, or default")]
    [InlineData("node weight node-1 heavy", "is not a weight")]
    [InlineData("node drain", "Required argument missing")]
    [InlineData("node drain node-1 --wait soon", "--wait: \"soon\" is not a time to wait")]
    [InlineData("node drain node-1 --if-match x", "x")]
    [InlineData("ban node-1 --for ever", "--for: \"ever\" is not a time to ban for")]
    [InlineData("cluster add lb-4", "\"lb-4\" is not the address of a replica")]
    [InlineData("cluster replace a1 lb-4", "\"lb-4\" is not the address of a replica")]
    [InlineData("services add web", "--port")]
    [InlineData("services add web --port 70000", "70000")]
    [InlineData("services add web --port 80 --protocol sctp", "sctp")]
    [InlineData("services add web --port 80 --address lb", "--address: \"lb\" is not an IP address")]
    [InlineData("block everyone", "\"everyone\" is not a network")]
    [InlineData("explain --src 10.0.0.1 --dst 10.0.0.2:80", "--src: \"10.0.0.1\" is not an address and port")]
    [InlineData("explain --dst 10.0.0.2:80", "--src")]
    [InlineData("top --interval 1ms", "--interval: \"1ms\"")]
    [InlineData("completion fish", "fish")]
    public async Task Order_BadUsage_AsksNobody(string line, string expected)
    {
        await using ReplicaDouble replica = await ReplicaDouble.StartAsync();

        GalectlRun run = await GalectlRun.OfAsync([.. line.Split(' '), "--api", replica.Url]);

        run.ExitCode.Should().Be(2);
        run.Error.Should().Contain(expected);
        replica.Received.Should().BeEmpty();
    }
}
