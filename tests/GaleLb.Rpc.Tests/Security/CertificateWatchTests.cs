using GaleLb.Rpc.Client;
using GaleLb.Rpc.Security;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Tests.Support;
using GaleLb.Testing;
using static GaleLb.Rpc.Tests.Support.EchoServer;

namespace GaleLb.Rpc.Tests.Security;

/// <summary>Real files and real connections, under a clock that is moved.</summary>
public sealed class CertificateWatchTests : IAsyncDisposable
{
    private readonly Certificates _certificates = new();
    private readonly ManualTime _time = new();
    private readonly List<string> _renewed = [];
    private readonly List<string> _failed = [];
    private readonly TlsIdentity _replica;
    private readonly CertificateWatch _watch;

    public CertificateWatchTests()
    {
        _replica = _certificates.Issue("replica");
        _watch = new CertificateWatch(_replica, _time, _renewed.Add, _failed.Add);
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        _certificates.Dispose();
    }

    [Fact]
    public async Task Look_RenewedFiles_TheNextConnectionShowsTheNewCertificate()
    {
        string? shown = null;
        TlsIdentity peer = _certificates.Issue("peer");
        await using RpcServer server = await StartAsync(
            s => s.MapUnary(Echo.Unary, (request, context) =>
            {
                shown = context.ClientCertificate?.Thumbprint;
                return ValueTask.FromResult(Answer(request));
            }),
            new RpcServerOptions { EndPoints = [AnyPort], Tls = peer });
        string before = _replica.Certificate.Thumbprint;
        _certificates.Issue("replica");

        _time.Advance(CertificateWatch.Interval);

        using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = server.EndPoints[0].Port, Tls = _replica });
        await channel.UnaryAsync(Echo.Unary, Request("abc"));
        shown.Should().Be(_replica.Certificate.Thumbprint).And.NotBe(before);
        _renewed.Should().ContainSingle().Which.Should().Contain("CN=replica").And.Contain($"{_replica.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}");
        _failed.Should().BeEmpty();
    }

    [Fact]
    public void Look_SameFiles_TellsNothing()
    {
        string before = _replica.Certificate.Thumbprint;

        _time.Advance(CertificateWatch.Interval * 3);

        _replica.Certificate.Thumbprint.Should().Be(before);
        _renewed.Concat(_failed).Should().BeEmpty();
    }

    [Fact]
    public void Look_BrokenFile_IsToldOnceAndTheOldCertificateStays()
    {
        string before = _replica.Certificate.Thumbprint;
        string path = Path.Combine(_certificates.Folder, "replica.key");
        File.WriteAllText(path, "no key");

        _time.Advance(CertificateWatch.Interval * 3);

        _replica.Certificate.Thumbprint.Should().Be(before);
        _failed.Should().ContainSingle().Which.Should().StartWith($"{path}: ").And.Contain("stays in force");
        _renewed.Should().BeEmpty();
    }

    [Fact]
    public void Look_KeyOfAnotherCertificate_ChangesNothingUntilItsOwnArrives()
    {
        string before = _replica.Certificate.Thumbprint;
        string path = Path.Combine(_certificates.Folder, "replica.key");
        _certificates.Issue("replica");
        string key = File.ReadAllText(path);
        _certificates.Issue("other");
        File.Copy(Path.Combine(_certificates.Folder, "other.key"), path, overwrite: true);

        _time.Advance(CertificateWatch.Interval);

        _replica.Certificate.Thumbprint.Should().Be(before);
        File.WriteAllText(path, key);
        _time.Advance(CertificateWatch.Interval);
        _replica.Certificate.Thumbprint.Should().NotBe(before);
        _failed.Should().ContainSingle();
        _renewed.Should().ContainSingle();
    }

    [Fact]
    public void Look_MissingFile_IsToldAndItsReturnIsNoticed()
    {
        string path = Path.Combine(_certificates.Folder, "ca.pem");
        string ca = File.ReadAllText(path);
        File.Delete(path);

        _time.Advance(CertificateWatch.Interval);

        _failed.Should().ContainSingle().Which.Should().StartWith($"{path}: ");
        File.WriteAllText(path, ca);
        _time.Advance(CertificateWatch.Interval);
        _renewed.Should().ContainSingle();
    }
}
