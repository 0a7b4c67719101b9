using System.Security.Cryptography.X509Certificates;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Security;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;

namespace GaleLb.Cli.Tests;

/// <summary>The small authority, judged by those who use its certificates.</summary>
public sealed class CertsCommandTests : IDisposable
{
    private static readonly DateTimeOffset LongAgo = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("galelb-certs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Init_NewDirectory_MakesAnAuthorityWithASecretKey()
    {
        string directory = Path.Combine(_folder, "new");

        GalectlRun run = await GalectlRun.OfAsync("certs", "init", directory);

        run.ExitCode.Should().Be(0, run.Error);
        run.Output.Should().Contain($"{directory}/ca.pem").And.Contain($"{directory}/ca-key.pem");
        Mode(directory, "ca-key.pem").Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using X509Certificate2 ca = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory, "ca.pem"));
        ca.Subject.Should().Be("CN=GaleLB");
        ca.GetECDsaPublicKey()!.KeySize.Should().Be(256);
    }

    [Fact]
    public async Task Init_Again_OverwritesNothing()
    {
        string directory = await AuthorityAsync("own");
        string before = await File.ReadAllTextAsync(Path.Combine(directory, "ca-key.pem"));

        GalectlRun run = await GalectlRun.OfAsync("certs", "init", directory);

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("ca.pem exists");
        (await File.ReadAllTextAsync(Path.Combine(directory, "ca-key.pem"))).Should().Be(before);
    }

    [Fact]
    public async Task Issue_TwoOfOneAuthority_ProveThemselvesToEachOtherBothWays()
    {
        string directory = await AuthorityAsync("own");
        TlsIdentity one = await IssueAsync(directory, "lb-1", "--ip", "127.0.0.1"), two = await IssueAsync(directory, "lb-2", "--ip", "127.0.0.1", "--dns", "lb-2.test");

        (await CallAsync(one, two)).Should().Be(StatusCode.Ok);
        (await CallAsync(two, one)).Should().Be(StatusCode.Ok);
        Mode(directory, "lb-1-key.pem").Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task Issue_NameWithoutAddress_IsForThatNameOnly()
    {
        string directory = await AuthorityAsync("own");
        TlsIdentity server = await IssueAsync(directory, "lb-1"), client = await IssueAsync(directory, "node-1");

        server.Certificate.MatchesHostname("lb-1").Should().BeTrue();
        (await CallAsync(server, client)).Should().Be(StatusCode.Unavailable, "127.0.0.1 is not its name");
    }

    [Fact]
    public async Task Issue_OfAnotherAuthority_IsRefusedBothWays()
    {
        string own = await AuthorityAsync("own"), foreign = await AuthorityAsync("foreign");
        TlsIdentity one = await IssueAsync(own, "lb-1", "--ip", "127.0.0.1");
        await IssueAsync(foreign, "lb-2", "--ip", "127.0.0.1");
        // Believes the other side, so that it is the other side that refuses.
        TlsIdentity two = TlsIdentity.Load(Path.Combine(own, "ca.pem"), Path.Combine(foreign, "lb-2.pem"), Path.Combine(foreign, "lb-2-key.pem"));

        (await CallAsync(one, two)).Should().Be(StatusCode.Unavailable);
        (await CallAsync(two, one)).Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Issue_Ended_IsRefusedBothWays()
    {
        string directory = await AuthorityAsync("own", LongAgo, "--days", "36500");
        TlsIdentity one = await IssueAsync(directory, "lb-1", "--ip", "127.0.0.1");
        TlsIdentity ended = await IssueAsync(directory, "lb-2", LongAgo, "--ip", "127.0.0.1", "--days", "30");

        (await CallAsync(one, ended)).Should().Be(StatusCode.Unavailable);
        (await CallAsync(ended, one)).Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Issue_LongerThanTheAuthority_EndsWithIt()
    {
        string directory = await AuthorityAsync("own", "--days", "10");

        TlsIdentity one = await IssueAsync(directory, "lb-1", "--days", "100");

        using X509Certificate2 ca = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory, "ca.pem"));
        one.Certificate.NotAfter.Should().Be(ca.NotAfter);
    }

    [Fact]
    public async Task Issue_ExistingName_NeedsRenewAndIsThenNoticed()
    {
        string directory = await AuthorityAsync("own");
        TlsIdentity one = await IssueAsync(directory, "lb-1");
        string before = one.Certificate.Thumbprint;

        GalectlRun refused = await GalectlRun.OfAsync("certs", "issue", directory, "lb-1");
        GalectlRun renewed = await GalectlRun.OfAsync("certs", "issue", directory, "lb-1", "--renew");

        refused.ExitCode.Should().Be(1);
        refused.Error.Should().Contain("lb-1.pem exists");
        renewed.ExitCode.Should().Be(0, renewed.Error);
        one.ReloadIfChanged().Should().BeTrue();
        one.Certificate.Thumbprint.Should().NotBe(before);
    }

    [Theory]
    [InlineData("NAME", "ca")]
    [InlineData("NAME", "ca-key")]
    [InlineData("NAME", "../lb")]
    [InlineData("--ip", "lb", "--ip", "10.98.2.256")]
    [InlineData("--dns", "lb", "--dns", "a b")]
    [InlineData("--days", "lb", "--days", "0")]
    public async Task Issue_BadValue_IsNamed(string what, params string[] args)
    {
        string directory = await AuthorityAsync("own");

        GalectlRun run = await GalectlRun.OfAsync(["certs", "issue", directory, .. args]);

        run.ExitCode.Should().Be(2);
        run.Error.Should().StartWith($"galectl: {what}: ");
    }

    [Fact]
    public async Task Issue_WithoutAuthority_NamesTheFile()
    {
        GalectlRun run = await GalectlRun.OfAsync("certs", "issue", _folder, "lb-1");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain(Path.Combine(_folder, "ca"));
    }

    private static UnixFileMode Mode(string directory, string file) => new FileInfo(Path.Combine(directory, file)).UnixFileMode;

    private Task<string> AuthorityAsync(string name, params string[] options) => AuthorityAsync(name, DateTimeOffset.UtcNow, options);

    private async Task<string> AuthorityAsync(string name, DateTimeOffset now, params string[] options)
    {
        string directory = Path.Combine(_folder, name);
        await RunAsync(now, ["certs", "init", directory, .. options]);
        return directory;
    }

    private static Task<TlsIdentity> IssueAsync(string directory, string name, params string[] options) =>
        IssueAsync(directory, name, DateTimeOffset.UtcNow, options);

    private static async Task<TlsIdentity> IssueAsync(string directory, string name, DateTimeOffset now, params string[] options)
    {
        await RunAsync(now, ["certs", "issue", directory, name, .. options]);
        return TlsIdentity.Load(Path.Combine(directory, "ca.pem"), Path.Combine(directory, $"{name}.pem"), Path.Combine(directory, $"{name}-key.pem"));
    }

    private static async Task RunAsync(DateTimeOffset now, string[] args)
    {
        using StringWriter output = new(), error = new();
        GalectlEnvironment environment = GalectlRun.EnvironmentOf(new Dictionary<string, string>(StringComparer.Ordinal), false, output, error);
        GalectlRun run = await GalectlRun.OfAsync(environment with { Time = new StandingTime(now) }, args);
        run.ExitCode.Should().Be(0, run.Error);
    }

    private static async Task<StatusCode> CallAsync(TlsIdentity server, TlsIdentity client)
    {
        await using RpcServer port = new(new RpcServerOptions { EndPoints = [new(System.Net.IPAddress.Loopback, 0)], Tls = server });
        port.MapUnary(NodeServiceMethods.GetConfig, (_, _) => ValueTask.FromResult(new GetConfigResponse()));
        await port.StartAsync();
        using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = port.EndPoints[0].Port, Tls = client });
        try
        {
            await new NodeServiceClient(channel).GetConfigAsync(new GetConfigRequest { Node = "node-1" });
            return StatusCode.Ok;
        }
        catch (RpcException e)
        {
            return e.Code;
        }
    }

    private sealed class StandingTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
