using System.Security.Cryptography.X509Certificates;

namespace GaleLb.Cli.Tests;

/// <summary>galectl and https: whom it believes, what it shows, and its words when either fails.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("galelb-tls-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Status_ByHttps_ShowsItsCertificateAndTheToken()
    {
        string ca = await AuthorityAsync("own");
        await using ReplicaDouble replica = await ReplicaAsync(ca, "--ip", "127.0.0.1");
        await RunAsync("certs", "issue", ca, "operator");
        string token = Path.Combine(_folder, "token");
        await File.WriteAllTextAsync(token, "order secret\n");

        GalectlRun run = await GalectlRun.OfAsync(
            "--api", replica.Url, "--ca", $"{ca}/ca.pem", "--cert", $"{ca}/operator.pem", "--key", $"{ca}/operator-key.pem", "--token-file", token, "status");

        run.ExitCode.Should().Be(0, run.Error);
        replica.Url.Should().StartWith("https://");
        replica.Caller.Should().Be("CN=operator");
        replica.Received.Should().ContainSingle().Which.Authorization.Should().Be("Bearer secret");
    }

    [Fact]
    public async Task Status_FilesFromEnvironment_AreUsed()
    {
        string ca = await AuthorityAsync("own");
        await using ReplicaDouble replica = await ReplicaAsync(ca, "--ip", "127.0.0.1");
        await RunAsync("certs", "issue", ca, "operator");
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["GALECTL_CA"] = $"{ca}/ca.pem",
            ["GALECTL_CERT"] = $"{ca}/operator.pem",
            ["GALECTL_KEY"] = $"{ca}/operator-key.pem",
        };

        GalectlRun run = await GalectlRun.OfAsync(variables, false, "--api", replica.Url, "status");

        run.ExitCode.Should().Be(0, run.Error);
        replica.Caller.Should().Be("CN=operator");
    }

    [Fact]
    public async Task Status_ReplicaOfAnotherAuthority_SaysSoAndSendsNothing()
    {
        string own = await AuthorityAsync("own"), foreign = await AuthorityAsync("foreign");
        await using ReplicaDouble replica = await ReplicaAsync(foreign, "--ip", "127.0.0.1");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "--ca", $"{own}/ca.pem", "status");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain($"its certificate is not of the authority in {own}/ca.pem");
        replica.Received.Should().BeEmpty();
    }

    [Fact]
    public async Task Status_WithoutCa_SaysHowToNameOne()
    {
        string ca = await AuthorityAsync("own");
        await using ReplicaDouble replica = await ReplicaAsync(ca, "--ip", "127.0.0.1");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "status");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("--ca FILE");
    }

    [Fact]
    public async Task Status_ReplicaWithAnotherName_SaysSo()
    {
        string ca = await AuthorityAsync("own");
        await using ReplicaDouble replica = await ReplicaAsync(ca, "--dns", "lb-9.test");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "--ca", $"{ca}/ca.pem", "status");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("CN=replica").And.Contain("not for this address");
    }

    [Theory]
    [InlineData("--ca", "--ca", "/nonexistent.pem")]
    [InlineData("--cert and --key", "--cert", "/nonexistent.pem")]
    [InlineData("--cert", "--cert", "/nonexistent.pem", "--key", "/nonexistent-key.pem")]
    public async Task Status_UnusableFile_IsBadUsageAndNamed(string what, params string[] args)
    {
        GalectlRun run = await GalectlRun.OfAsync(["--api", "https://127.0.0.1:1", .. args, "status"]);

        run.ExitCode.Should().Be(2);
        run.Error.Should().StartWith($"galectl: {what}");
    }

    private async Task<string> AuthorityAsync(string name)
    {
        string directory = Path.Combine(_folder, name);
        await RunAsync("certs", "init", directory);
        return directory;
    }

    private static async Task<ReplicaDouble> ReplicaAsync(string ca, params string[] names)
    {
        await RunAsync(["certs", "issue", ca, "replica", .. names]);
        X509Certificate2 certificate = X509Certificate2.CreateFromPemFile($"{ca}/replica.pem", $"{ca}/replica-key.pem");
        return (await ReplicaDouble.StartAsync(certificate)).Answer("GET /api/v1/status", Recorded.Status);
    }

    private static async Task RunAsync(params string[] args)
    {
        GalectlRun run = await GalectlRun.OfAsync(args);
        run.ExitCode.Should().Be(0, run.Error);
    }
}
