using System.Text.Json.Nodes;

namespace GaleLb.Cli.Tests;

/// <summary>Commands that look again and again, and those that show what comes.</summary>
public sealed class WatchCommandTests
{
    private const string FirstEvents = """
        {"applied_index":8,"events":[
          {"index":5,"log_time_ms":100,"time":"2026-11-22T02:30:00+00:00","kind":"node_registered","subject":"node-1","origin":"leader","cause":"first heartbeat"},
          {"index":8,"log_time_ms":900,"time":null,"kind":"node_routable","subject":"node-1","origin":"leader","cause":"3 passes"}]}
        """;

    [Fact]
    public async Task Events_Once_ShowsThem()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/events?after=0", FirstEvents);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "events", "-o", "wide");

        run.ExitCode.Should().Be(0);
        run.Lines.Should().Equal(
            "2026-11-22 02:30:00Z 5 node_registered node-1 first heartbeat [leader]", "- 8 node_routable node-1 3 passes [leader]");
    }

    [Fact]
    public async Task Events_Followed_GoesOnAfterTheLastIndexAndOutlastsAnOutage()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync())
            .Stream("GET /api/v1/events?watch=true", ("events", 5, Change(5, "node_registered")), ("events", 8, Change(8, "node_routable")))
            .Refuse("GET /api/v1/events?watch=true&from=8", 503, "No leader", "Nobody leads.")
            .Stream("GET /api/v1/events?watch=true&from=8", ("events", 9, Change(9, "node_down")));

        GalectlRun run = await FollowAsync(looks: 3, "--api", replica.Url, "events", "--follow");

        run.ExitCode.Should().Be(0);
        Kinds(run).Should().Equal("node_registered", "node_routable", "node_down");
        run.Error.Should().Contain("the stream ended").And.Contain("No leader: Nobody leads.");
        replica.Received.Select(r => r.PathAndQuery).Should().Equal(
            "/api/v1/events?watch=true", "/api/v1/events?watch=true&from=8", "/api/v1/events?watch=true&from=8");
    }

    [Fact]
    public async Task Events_Followed_GoesOnWithTheNextReplicaWithoutAWord()
    {
        await using HangingUpPort killed = new();
        await using ReplicaDouble lonely = (await ReplicaDouble.StartAsync())
            .Stream("GET /api/v1/events?watch=true&from=4", ("events", 5, Change(5, "node_down")), ("no_leader", null, """{"title":"No leader"}"""));
        await using ReplicaDouble full = (await ReplicaDouble.StartAsync())
            .Refuse("GET /api/v1/events?watch=true&from=5", 429, "Too many watchers", "No room.");
        await using ReplicaDouble last = (await ReplicaDouble.StartAsync())
            .Stream("GET /api/v1/events?watch=true&from=5", ("events", 6, Change(6, "node_returned")));

        GalectlRun run = await FollowAsync(
            looks: 1, "--api", killed.Url, "--api", lonely.Url, "--api", full.Url, "--api", last.Url, "events", "-f", "--after", "4");

        Kinds(run).Should().Equal("node_down", "node_returned");
        last.Received.Should().ContainSingle();
    }

    [Theory]
    [InlineData(410)]
    [InlineData(200)]
    public async Task Events_FollowedTooFarBehind_FailsAndSaysSo(int status)
    {
        const string gone = """{"title":"Gone","status":410,"field":"from","detail":"Index 3 is not kept here any more; the oldest one is 50."}""";
        await using ReplicaDouble replica = await ReplicaDouble.StartAsync();
        if (status == 200)
            replica.Stream("GET /api/v1/events?watch=true&from=3", ("gone", null, gone));
        else
            replica.Answer("GET /api/v1/events?watch=true&from=3", gone, status);

        GalectlRun run = await FollowAsync(looks: 1, "--api", replica.Url, "events", "-f", "--after", "3");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Be($"galectl: Gone (from): Index 3 is not kept here any more; the oldest one is 50.{Environment.NewLine}");
    }

    [Fact]
    public async Task Events_FollowedAtAGaleLbThatDoesNotStream_FailsAndSaysSo()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/events?watch=true", FirstEvents);

        GalectlRun run = await FollowAsync(looks: 1, "--api", replica.Url, "events", "-f");

        (run.ExitCode, run.Output).Should().Be((1, ""));
        run.Error.Should().Contain("does not stream");
    }

    [Fact]
    public async Task Events_AsJson_AreOneALine()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/events?after=0", FirstEvents);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "events", "-o", "json");

        run.Lines.Select(l => (int)JsonNode.Parse(l)!["index"]!).Should().Equal(5, 8);
    }

    [Fact]
    public async Task Top_TwoLooks_ShowsWhatGrewBetweenThem()
    {
        string later = Recorded.Nodes.Replace("\"connections\":17,\"packets\":1200,\"bytes\":1572864", "\"connections\":27,\"packets\":3200,\"bytes\":3670016", StringComparison.Ordinal);
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync())
            .Answer("GET /api/v1/status", Recorded.Status)
            .Answer("GET /api/v1/nodes?consistency=local", Recorded.Nodes)
            .Answer("GET /api/v1/nodes?consistency=local", later);

        GalectlRun run = await FollowAsync(looks: 9, "--api", replica.Url, "top", "--count", "2", "--interval", "2s");

        run.ExitCode.Should().Be(0);
        run.Lines.Should().Contain("node-1 routable 100 412ms 17 - - 0 B").And.Contain("node-1 routable 100 412ms 27 5 1000 1.0 MiB");
        run.Output.Should().NotContain("\e");
    }

    [Fact]
    public async Task Explain_OfAnyShape_IsShownAsLinesAndTables()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer(
            "GET /api/v1/explain?src=198.51.100.7%3A40000&dst=203.0.113.10%3A443&protocol=tcp",
            """{"verdict":"forward","node":"node-1","slot":17,"new_flow":true,"none":null,"steps":[{"stage":"service","found":"web"},{"stage":"ring","found":3}]}""");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "explain", "--src", "198.51.100.7:40000", "--dst", "203.0.113.10:443");

        run.Lines.Should().Equal("verdict forward", "node node-1", "slot 17", "new flow yes", "steps", "STAGE FOUND", "service web", "ring 3");
    }

    [Theory]
    [InlineData("bash", "complete -F _galectl galectl")]
    [InlineData("zsh", "compdef _galectl galectl")]
    public async Task Completion_OfAShell_IsAScript(string shell, string expected)
    {
        GalectlRun run = await GalectlRun.OfAsync("completion", shell);

        run.ExitCode.Should().Be(0);
        run.Output.Should().Contain(expected).And.Contain("[suggest:");
    }

    [Fact]
    public async Task Suggest_ACommand_CompletesIt()
    {
        GalectlRun run = await GalectlRun.OfAsync("[suggest:2]", "st");

        run.Lines.Should().Contain("status").And.NotContain("nodes");
    }

    [Fact]
    public async Task Suggest_ANode_AsksTheCluster()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/nodes?consistency=local", Recorded.Nodes);
        Dictionary<string, string> variables = new() { ["GALECTL_API"] = replica.Url };

        GalectlRun run = await GalectlRun.OfAsync(variables, false, "[suggest:15]", "node drain node");

        run.Lines.Should().Equal("node-1", "node-2");
    }

    [Fact]
    public async Task Suggest_ANodeWithoutACluster_IsSilent()
    {
        using ClosedPort closed = new();
        Dictionary<string, string> variables = new() { ["GALECTL_API"] = closed.Url };

        GalectlRun run = await GalectlRun.OfAsync(variables, false, "[suggest:15]", "node drain node");

        run.Output.Trim().Should().BeEmpty();
        run.Error.Should().BeEmpty();
    }

    private static string Change(ulong index, string kind) =>
        $$"""{"applied_index":{{index}},"events":[{"index":{{index}},"kind":"{{kind}}","subject":"node-1","cause":"why"}]}""";

    private static IEnumerable<string> Kinds(GalectlRun run) =>
        run.Lines.Select(l => l.Split(' ').First(w => w.StartsWith("node_", StringComparison.Ordinal)));

    /// <summary>Runs a command that waits between looks, without waiting, and interrupts it at the last of them.</summary>
    private static async Task<GalectlRun> FollowAsync(int looks, params string[] args)
    {
        using StringWriter output = new(), error = new();
        GalectlEnvironment environment = GalectlRun.EnvironmentOf(new Dictionary<string, string>(), isTerminal: false, output, error) with
        {
            Delay = (_, _) => --looks > 0 ? Task.CompletedTask : Task.FromCanceled(new CancellationToken(canceled: true)),
        };
        return await GalectlRun.OfAsync(environment, args);
    }
}
