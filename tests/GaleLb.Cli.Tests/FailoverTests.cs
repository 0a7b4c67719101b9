using System.Net;
using System.Net.Sockets;

namespace GaleLb.Cli.Tests;

public sealed class FailoverTests
{
    [Fact]
    public async Task Status_FirstReplicaIsDown_AsksTheSecond()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/status", Recorded.Status);
        using ClosedPort closed = new();

        GalectlRun run = await GalectlRun.OfAsync("--api", closed.Url, "--api", replica.Url, "status");

        run.ExitCode.Should().Be(0);
        run.Error.Should().BeEmpty();
        run.Output.Should().Contain("leader, term 4");
    }

    [Fact]
    public async Task Nodes_FirstReplicaHasNoLeader_AsksTheSecond()
    {
        await using ReplicaDouble lonely = (await ReplicaDouble.StartAsync()).Refuse("GET /api/v1/nodes", 503, "No leader", "Nobody leads.");
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/nodes", Recorded.Nodes);

        GalectlRun run = await GalectlRun.OfAsync("--api", lonely.Url, "--api", replica.Url, "nodes");

        run.ExitCode.Should().Be(0);
        lonely.Received.Should().HaveCount(1);
    }

    [Fact]
    public async Task Status_NobodyAnswers_NamesEveryUrlAndWhy()
    {
        await using ReplicaDouble lonely = (await ReplicaDouble.StartAsync()).Refuse("GET /api/v1/status", 503, "No leader", "Nobody leads.");
        using ClosedPort closed = new();

        GalectlRun run = await GalectlRun.OfAsync("--api", closed.Url, "--api", lonely.Url, "status");

        run.ExitCode.Should().Be(1);
        run.Output.Should().BeEmpty();
        run.Error.ReplaceLineEndings("\n").Should().Be(
            $"galectl: no replica could answer\n  {closed.Url}: connection refused (is gale-lb running there, and is this its api_port?)\n"
            + $"  {lonely.Url}: No leader: Nobody leads.\n");
    }

    [Fact]
    public async Task Status_ReplicaIsSilent_GivesUpAfterTheTimeout()
    {
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();

        GalectlRun run = await GalectlRun.OfAsync("--api", $"http://{silent.LocalEndpoint}", "--timeout", "200ms", "status");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("no answer within 200ms").And.Contain("GALECTL_API");
    }

    [Fact]
    public async Task Nodes_Refused_DoesNotAskAnotherReplica()
    {
        await using ReplicaDouble first = (await ReplicaDouble.StartAsync()).Refuse("GET /api/v1/nodes/x", 404, "Not found", "There is no node x.");
        await using ReplicaDouble second = await ReplicaDouble.StartAsync();

        GalectlRun run = await GalectlRun.OfAsync("--api", first.Url, "--api", second.Url, "nodes", "x");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Be("galectl: Not found: There is no node x." + Environment.NewLine);
        second.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task Status_AddressesFromEnvironment_AreUsedInOrder()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/status", Recorded.Status);
        using ClosedPort closed = new();
        Dictionary<string, string> variables = new() { ["GALECTL_API"] = $"{closed.Url},{replica.Url[7..]}" };

        GalectlRun run = await GalectlRun.OfAsync(variables, false, "status");

        run.ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task Status_AnswerIsNotThisApi_SaysWhatCame()
    {
        await using ReplicaDouble other = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/status", "<html>hello</html>");

        GalectlRun run = await GalectlRun.OfAsync("--api", other.Url, "status");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("is not what gale-lb's API sends").And.Contain("<html>hello</html>");
    }

    [Theory]
    [InlineData("ftp://10.0.0.1", "\"ftp://10.0.0.1\" is not the address")]
    [InlineData("http://10.0.0.1:5555/path", "is not the address")]
    [InlineData("http://:5555", "is not the address")]
    [InlineData(" ", "no API address is given")]
    public async Task Status_BadApiAddress_IsBadUsage(string address, string expected)
    {
        GalectlRun run = await GalectlRun.OfAsync("--api", address, "status");

        run.ExitCode.Should().Be(2);
        run.Error.Should().Contain(expected);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("ring")]
    [InlineData("status", "-o", "xml")]
    [InlineData("status", "--timeout", "soon")]
    [InlineData("status", "--token-file", "/nonexistent/token")]
    [InlineData("nodes", "a", "b")]
    public async Task AnyCommand_BadUsage_ExitsWith2AndSaysWhy(params string[] args)
    {
        GalectlRun run = await GalectlRun.OfAsync(args);

        run.ExitCode.Should().Be(2);
        run.Output.Should().BeEmpty();
        run.Error.Should().StartWith("galectl: ");
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("nodes --help")]
    [InlineData("node weight --help")]
    [InlineData("services set --help")]
    [InlineData("top --help")]
    public async Task Help_OfAnything_ExitsWith0AndAsksNobody(string line)
    {
        await using ReplicaDouble replica = await ReplicaDouble.StartAsync();
        Dictionary<string, string> variables = new() { ["GALECTL_API"] = replica.Url };

        GalectlRun run = await GalectlRun.OfAsync(variables, false, line.Split(' '));

        run.ExitCode.Should().Be(0);
        run.Output.Should().Contain("--api");
        replica.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task Status_WithTokenFile_ShowsTheToken()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/status", Recorded.Status);
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "# for operators\n\n s3cret \n");

            await GalectlRun.OfAsync("--api", replica.Url, "--token-file", file, "status");

            replica.Received.Single().Authorization.Should().Be("Bearer s3cret");
        }
        finally
        {
            File.Delete(file);
        }
    }
}
