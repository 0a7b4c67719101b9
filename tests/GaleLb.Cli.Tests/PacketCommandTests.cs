namespace GaleLb.Cli.Tests;

/// <summary><c>galectl trace</c> and <c>conntrack</c>: packets and connections of one replica.</summary>
public sealed class PacketCommandTests
{
    private const string Forwarded = """
        {"time":"2026-11-22T02:30:00.123456+00:00","side":"public","protocol":"tcp","source":"198.51.100.7:40000","destination":"203.0.113.10:80",
         "sent_source":"10.0.0.1:20000","sent_destination":"10.0.0.11:8000","length":60,"tcp_flags":"S","verdict":"redirect","reason":"forwarded_l4",
         "answer":null,"service":"web","node":"node-1"}
        """;

    private const string Dropped = """
        {"time":"2026-11-22T02:30:01+00:00","side":"public","protocol":"tcp","source":"198.51.100.7:40001","destination":"203.0.113.10:80",
         "sent_source":null,"sent_destination":null,"length":60,"tcp_flags":"S","verdict":"transmit","reason":"drop_no_nodes","answer":"reset_sent",
         "service":"web","node":null}
        """;

    [Fact]
    public async Task Trace_WithFilters_ShowsPacketsAndWhatWasLost()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Stream(
            "GET /api/v1/trace?address=198.51.100.0%2F24&port=80&service=web&reason=all&one_in=10&limit=2&time=5s",
            ("packet", null, Forwarded.ReplaceLineEndings("")), ("packet", null, Dropped.ReplaceLineEndings("")),
            ("end", null, """{"packets":2,"lost":7}"""));

        GalectlRun run = await GalectlRun.OfAsync(
            "--api", replica.Url, "trace", "--address", "198.51.100.0/24", "--port", "80", "--service", "web", "--reason", "all", "--one-in", "10",
            "--limit", "2", "--time", "5s");

        run.ExitCode.Should().Be(0);
        run.Lines.Should().Equal(
            "02:30:00.123456Z tcp S 198.51.100.7:40000 > 203.0.113.10:80 sent 10.0.0.1:20000 > 10.0.0.11:8000 forwarded_l4 node-1",
            "02:30:01.000000Z tcp S 198.51.100.7:40001 > 203.0.113.10:80 drop_no_nodes reset_sent");
        run.Error.Should().Contain("2 packets; 7 more came too fast");
    }

    [Fact]
    public async Task Trace_AsJson_IsAPacketALine()
    {
        string line = Forwarded.ReplaceLineEndings("");
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Stream(
            "GET /api/v1/trace", ("packet", null, line), ("end", null, """{"packets":1,"lost":0}"""));

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "trace", "-o", "json");

        (run.ExitCode, run.Output.TrimEnd()).Should().Be((0, line));
    }

    [Fact]
    public async Task Trace_ThatBreaksOff_FailsAndDoesNotGoOnElsewhere()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Stream("GET /api/v1/trace", ("packet", null, Forwarded.ReplaceLineEndings("")));
        await using ReplicaDouble other = (await ReplicaDouble.StartAsync()).Stream("GET /api/v1/trace", ("end", null, """{"packets":0,"lost":0}"""));

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "--api", other.Url, "trace");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("the trace broke off");
        other.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task Trace_FirstReplicaGone_IsOfTheNextOne()
    {
        await using HangingUpPort gone = new();
        await using ReplicaDouble other = (await ReplicaDouble.StartAsync()).Stream("GET /api/v1/trace", ("end", null, """{"packets":0,"lost":0}"""));

        (await GalectlRun.OfAsync("--api", gone.Url, "--api", other.Url, "trace")).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task Trace_WhileAnotherRuns_FailsWithTheReplicasWords()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync())
            .Refuse("GET /api/v1/trace", 409, "Refused", "Another trace runs on this replica; one does at a time.");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "trace");

        (run.ExitCode, run.Error).Should().Be((1, $"galectl: Refused: Another trace runs on this replica; one does at a time.{Environment.NewLine}"));
    }

    [Fact]
    public async Task Conntrack_WithFilters_AsksForThese()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer(
            "GET /api/v1/connections?client=198.51.100.7&service=web&node=node-1&protocol=tcp&state=established&limit=5",
            """{"applied_index":7,"count":1,"truncated":false,"connections":[{"protocol":"tcp","client":"198.51.100.7:40000","node_name":"node-1"}]}""");

        GalectlRun run = await GalectlRun.OfAsync(
            "--api", replica.Url, "conntrack", "--client", "198.51.100.7", "--service", "web", "--node", "node-1", "--protocol", "tcp", "--state", "established",
            "--limit", "5");

        run.ExitCode.Should().Be(0);
        run.Lines.Should().Contain("tcp 198.51.100.7:40000 node-1");
    }
}
