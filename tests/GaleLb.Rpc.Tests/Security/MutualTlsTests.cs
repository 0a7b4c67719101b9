using System.Net;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Security;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Tests.Support;
using static GaleLb.Rpc.Tests.Client.CallEndsTests;
using static GaleLb.Rpc.Tests.Support.EchoServer;

namespace GaleLb.Rpc.Tests.Security;

public sealed class MutualTlsTests : IDisposable
{
    private readonly Certificates _certificates = new();
    private readonly Certificates _strangers = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _strangers.Dispose();
    }

    [Fact]
    public async Task Unary_BothOfOneAuthority_IsServedAndKnowsTheCaller()
    {
        string? subject = null;
        await using RpcServer server = await StartAsync(
            s => s.MapUnary(Echo.Unary, (request, context) =>
            {
                subject = context.ClientCertificate?.Subject;
                return ValueTask.FromResult(Answer(request));
            }),
            Options(_certificates.Issue("replica")));
        using RpcChannel channel = ChannelTo(server, _certificates.Issue("node"));

        (await channel.UnaryAsync(Echo.Unary, Request("abc"))).Index.Should().Be(3);

        subject.Should().Be("CN=node");
    }

    [Fact]
    public async Task Unary_ClientOfAnotherAuthority_GetsNowhere()
    {
        // The stranger believes the server's root, so that it is the server that must refuse.
        TlsIdentity stranger = _strangers.Issue("stranger");
        TlsIdentity mixed = TlsIdentity.Load(_certificates.CaPath, Path.Combine(_strangers.Folder, "stranger.pem"), Path.Combine(_strangers.Folder, "stranger.key"));
        bool served = false;
        await using RpcServer server = await StartAsync(
            s => s.MapUnary(Echo.Unary, (request, _) =>
            {
                served = true;
                return ValueTask.FromResult(Answer(request));
            }),
            Options(_certificates.Issue("replica")));
        using RpcChannel channel = ChannelTo(server, mixed);

        (await FailureOf(channel.UnaryAsync(Echo.Unary, Request("abc")))).Code.Should().Be(StatusCode.Unavailable);

        served.Should().BeFalse();
        stranger.Certificate.Subject.Should().Be("CN=stranger");
    }

    [Fact]
    public async Task Unary_ServerOfAnotherAuthority_IsNotBelieved()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho(), Options(_strangers.Issue("replica")));
        using RpcChannel channel = ChannelTo(server, _certificates.Issue("node"));

        RpcException e = await FailureOf(channel.UnaryAsync(Echo.Unary, Request("abc")));

        e.Code.Should().Be(StatusCode.Unavailable);
        e.Message.Should().Contain("TLS");
    }

    [Fact]
    public async Task Unary_ServerWithAnotherName_IsNotBelieved()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho(), Options(_certificates.Issue("replica", IPAddress.Parse("192.0.2.1"))));
        using RpcChannel channel = ChannelTo(server, _certificates.Issue("node"));

        (await FailureOf(channel.UnaryAsync(Echo.Unary, Request("abc")))).Code.Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Unary_ServerWithAClientOnlyCertificate_IsNotBelieved()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho(), Options(_certificates.Issue("replica", usage: "1.3.6.1.5.5.7.3.2")));
        using RpcChannel channel = ChannelTo(server, _certificates.Issue("node"));

        (await FailureOf(channel.UnaryAsync(Echo.Unary, Request("abc")))).Code.Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Unary_PlaintextToATlsPort_IsUnavailable()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho(), Options(_certificates.Issue("replica")));
        using RpcChannel channel = EchoServer.ChannelTo(server);

        (await FailureOf(channel.UnaryAsync(Echo.Unary, Request("abc")))).Code.Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Reload_NewCertificate_CountsFromTheNextConnection()
    {
        string? subject = null;
        await using RpcServer server = await StartAsync(
            s => s.MapUnary(Echo.Unary, (request, context) =>
            {
                subject = context.ClientCertificate?.Thumbprint;
                return ValueTask.FromResult(Answer(request));
            }),
            Options(_certificates.Issue("replica")));
        TlsIdentity node = _certificates.Issue("node");
        string before = node.Certificate.Thumbprint;
        _certificates.Issue("node");

        node.Reload();

        using RpcChannel channel = ChannelTo(server, node);
        await channel.UnaryAsync(Echo.Unary, Request("abc"));
        subject.Should().Be(node.Certificate.Thumbprint).And.NotBe(before);
    }

    [Fact]
    public void Reload_DamagedFile_NamesItAndKeepsTheOldOne()
    {
        TlsIdentity node = _certificates.Issue("node");
        string before = node.Certificate.Thumbprint;
        string path = Path.Combine(_certificates.Folder, "node.key");
        File.WriteAllText(path, "no key");

        node.Invoking(n => n.Reload()).Should().Throw<InvalidDataException>().WithMessage($"{path}: *");
        node.Certificate.Thumbprint.Should().Be(before);
    }

    [Fact]
    public void Load_MissingFile_NamesIt()
    {
        Action load = () => TlsIdentity.Load("/nonexistent/ca.pem", "/nonexistent/a.pem", "/nonexistent/a.key");

        load.Should().Throw<InvalidDataException>().WithMessage("/nonexistent/ca.pem: *");
    }

    private static RpcServerOptions Options(TlsIdentity identity) => new() { EndPoints = [AnyPort], Tls = identity };

    private static RpcChannel ChannelTo(RpcServer server, TlsIdentity identity) =>
        new(new RpcChannelOptions { Host = "127.0.0.1", Port = server.EndPoints[0].Port, Tls = identity });
}
