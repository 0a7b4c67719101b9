namespace GaleLb.Cli.Tests;

/// <summary>Commands that look at the past.</summary>
public sealed class HistoryCommandTests
{
    [Theory]
    [InlineData("GET /api/v1/state", new string[0])]
    [InlineData("GET /api/v1/state?index=7", new[] { "--index", "7" })]
    public async Task State_NowOrAtAnIndex_IsShown(string request, string[] options)
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer(
            request, """{"applied_index":7,"nodes":[{"id":"node-1","state":"routable"}],"staged":null,"baseline":{"services.web.port":"80"}}""");

        GalectlRun run = await GalectlRun.OfAsync(["--api", replica.Url, "state", .. options]);

        run.ExitCode.Should().Be(0);
        run.Lines.Should().Equal("applied index 7", "nodes", "ID STATE", "node-1 routable", "baseline", "services.web.port 80");
    }

    [Fact]
    public async Task State_NotKeptAnyMore_FailsAndNamesTheOldest()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync())
            .Refuse("GET /api/v1/state?index=7", 410, "Gone", "Index 7 is not kept here any more; the oldest one is 90.", "index");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "state", "--index", "7");

        (run.ExitCode, run.Error).Should().Be((1, $"galectl: Gone (index): Index 7 is not kept here any more; the oldest one is 90.{Environment.NewLine}"));
    }

    [Fact]
    public async Task Diff_OfTwoIndexes_ShowsEachThingWithItsFields()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/diff?from=5&to=9", """
            {"from":5,"to":9,"settings":[{"field":"node_health.min_routable","from":"0","to":"2"}],
             "services":[],"blacklist":[],
             "nodes":[{"id":"node-1","change":"changed","fields":[{"field":"state","from":"routable","to":"draining"},{"field":"suspect","from":"true","to":null}]},
                      {"id":"node-2","change":"removed","fields":[{"field":"address","from":"10.0.0.2","to":null}]}],
             "blocks":[{"id":"192.0.2.0/24","change":"added","fields":[{"field":"reason","from":null,"to":"noise"}]}],
             "slots":[{"service":"web","summary":"33.3 % of slots of service web move: 21846 from node-2 to node-1"}]}
            """);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "diff", "5", "9");

        run.ExitCode.Should().Be(0);
        run.Lines.Should().Equal(
            "~ setting node_health.min_routable: 0 → 2",
            "~ node node-1", "state: routable → draining", "suspect: true → (none)",
            "- node node-2", "address: 10.0.0.2 → (none)",
            "+ block 192.0.2.0/24", "reason: noise",
            "33.3 % of slots of service web move: 21846 from node-2 to node-1");
    }

    [Fact]
    public async Task Diff_OfEqualStates_SaysSo()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/diff?from=5&to=5", """{"from":5,"to":5}""");

        (await GalectlRun.OfAsync("--api", replica.Url, "diff", "5", "5")).Lines.Should().Equal("nothing differs between 5 and 5");
    }

    [Theory]
    [InlineData("diff", "5")]
    [InlineData("diff", "5", "x")]
    [InlineData("state", "--index", "-1")]
    public async Task Command_WithoutTwoIndexesOrWithNone_IsBadUsage(params string[] args) =>
        (await GalectlRun.OfAsync(args)).ExitCode.Should().Be(2);

    [Fact]
    public async Task Explain_AtAnIndex_AsksForIt()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer(
            "GET /api/v1/explain?src=198.51.100.7%3A40000&dst=203.0.113.10%3A443&protocol=tcp&index=7", """{"basis":"table","node":"node-1"}""");

        GalectlRun run = await GalectlRun.OfAsync(
            "--api", replica.Url, "explain", "--src", "198.51.100.7:40000", "--dst", "203.0.113.10:443", "--index", "7");

        run.Lines.Should().Equal("basis table", "node node-1");
    }

    [Theory]
    [InlineData("complete", "log committed 42, applied 42, complete")]
    [InlineData("in_doubt", "log committed 42, applied 42, in doubt: entries may be lost, so it has no vote until the others have shown that none is")]
    [InlineData("incomplete", "log committed 42, applied 42, incomplete: entries are lost, so it has no vote until the others have sent them")]
    public async Task Status_OfADamagedLog_SaysSo(string log, string expected)
    {
        string status = Recorded.Status.Replace("\"applied_index\":42", $"\"applied_index\":42,\"log\":\"{log}\"", StringComparison.Ordinal);
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/status", status);

        (await GalectlRun.OfAsync("--api", replica.Url, "status")).Lines.Should().Contain(expected);
    }
}
