using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Security;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.Tests.Support;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Tests.Hosting;

/// <summary>Who has no business at the node and the replica port gets nowhere, is counted, and told once: by real connections.</summary>
public sealed class ClosedPortsTests : IDisposable
{
    private static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);
    private static readonly IPNetwork Elsewhere = IPNetwork.Parse("10.98.2.0/24");
    private static readonly IPNetwork Loopback = IPNetwork.Parse("127.0.0.0/8");

    private readonly Certificates _certificates = new();
    private readonly Certificates _strangers = new();
    private readonly ToldLogger<Refusals> _told = new();
    private readonly Refusals _refusals;
    private bool _served;

    public ClosedPortsTests() => _refusals = new Refusals(_told);

    public void Dispose()
    {
        _certificates.Dispose();
        _strangers.Dispose();
    }

    [Fact]
    public async Task NodePort_FromAnotherNetwork_IsDeniedAndCounted()
    {
        await using RpcServer server = await StartAsync(ListenerKind.Node, new NodeAccess([Elsewhere], null, mutualTls: false, _refusals).Judge, tls: null);

        (await CallAsync(server, tls: null)).Should().Be(StatusCode.PermissionDenied);
        (await CallAsync(server, tls: null)).Should().Be(StatusCode.PermissionDenied);

        IsRefused(ListenerKind.Node, RefusalReason.Address, 2);
        _told.Lines.Should().ContainSingle().Which.Should().Contain("127.0.0.1").And.Contain("node port");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong")]
    [InlineData("secret")]
    public async Task NodePort_WithoutTheToken_IsUnauthenticatedAndCounted(string? authorization)
    {
        await using RpcServer server = await StartAsync(ListenerKind.Node, new NodeAccess([Loopback], "secret", mutualTls: false, _refusals).Judge, tls: null);

        (await CallAsync(server, tls: null, authorization)).Should().Be(StatusCode.Unauthenticated);

        IsRefused(ListenerKind.Node, RefusalReason.Token, 1);
    }

    [Fact]
    public async Task NodePort_WithTheToken_IsServed()
    {
        await using RpcServer server = await StartAsync(ListenerKind.Node, new NodeAccess([Loopback], "secret", mutualTls: false, _refusals).Judge, tls: null);

        (await CallAsync(server, tls: null, "Bearer secret")).Should().Be(StatusCode.Ok);
    }

    [Fact]
    public async Task PeerPort_FromAnAddressThatIsNoMembers_IsDeniedAndCounted()
    {
        await using RpcServer server = await StartAsync(ListenerKind.Peer, Peers(mutualTls: false).Judge, tls: null);

        (await CallAsync(server, tls: null)).Should().Be(StatusCode.PermissionDenied);

        IsRefused(ListenerKind.Peer, RefusalReason.Address, 1);
    }

    [Theory]
    [InlineData(ListenerKind.Node, "10.98.2.101")]
    [InlineData(ListenerKind.Peer, "10.98.2.2")]
    internal async Task Port_WithCertificates_ServesTheAuthoritysOwn(ListenerKind port, string address)
    {
        await using RpcServer server = await StartAsync(port, JudgeOf(port), _certificates.Issue("replica"));

        (await CallAsync(server, _certificates.Issue("caller", IPAddress.Parse(address)))).Should().Be(StatusCode.Ok);
    }

    [Fact]
    public async Task PeerPort_WithANodesCertificate_IsDeniedAndCounted()
    {
        await using RpcServer server = await StartAsync(ListenerKind.Peer, JudgeOf(ListenerKind.Peer), _certificates.Issue("replica"));

        (await CallAsync(server, _certificates.Issue("node", IPAddress.Parse("10.98.2.101")))).Should().Be(StatusCode.PermissionDenied);

        IsRefused(ListenerKind.Peer, RefusalReason.Certificate, 1);
        _told.Lines.Should().ContainSingle().Which.Should().Contain("CN=node").And.Contain("load_balancer_quorum.addresses");
    }

    [Theory]
    [InlineData(ListenerKind.Node)]
    [InlineData(ListenerKind.Peer)]
    internal async Task Port_WithCertificates_RefusesAStrangersAndCountsIt(ListenerKind port)
    {
        await using RpcServer server = await StartAsync(port, JudgeOf(port), _certificates.Issue("replica"));
        _strangers.Issue("stranger");
        // It believes the replica, so that it is the replica that must refuse.
        TlsIdentity stranger = TlsIdentity.Load(
            _certificates.CaPath, Path.Combine(_strangers.Folder, "stranger.pem"), Path.Combine(_strangers.Folder, "stranger.key"));

        (await CallAsync(server, stranger)).Should().Be(StatusCode.Unavailable);

        await _told.First;
        _served.Should().BeFalse();
        _refusals.Count(port, RefusalReason.Certificate).Should().BePositive();
    }

    [Theory]
    [InlineData(ListenerKind.Node)]
    [InlineData(ListenerKind.Peer)]
    internal async Task Port_WithCertificates_RefusesACallerWithoutOneAndCountsIt(ListenerKind port)
    {
        await using RpcServer server = await StartAsync(port, JudgeOf(port), _certificates.Issue("replica"));
        using HttpClient http = new(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null },
        });
        using HttpRequestMessage call = new(HttpMethod.Post, $"https://127.0.0.1:{server.EndPoints[0].Port}{NodeServiceMethods.GetConfig.Path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[5]),
        };
        call.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

        await http.Invoking(h => h.SendAsync(call)).Should().ThrowAsync<HttpRequestException>();

        await _told.First;
        _served.Should().BeFalse();
        _refusals.Count(port, RefusalReason.Certificate).Should().BePositive();
    }

    [Theory]
    [InlineData(ListenerKind.Node)]
    [InlineData(ListenerKind.Peer)]
    internal async Task Port_WithCertificates_RefusesPlaintextAndCountsIt(ListenerKind port)
    {
        await using RpcServer server = await StartAsync(port, JudgeOf(port), _certificates.Issue("replica"));

        (await CallAsync(server, tls: null)).Should().Be(StatusCode.Unavailable);

        await _told.First;
        _served.Should().BeFalse();
        _refusals.Count(port, RefusalReason.Handshake).Should().BePositive();
    }

    private Func<RpcServerContext, RpcStatus> JudgeOf(ListenerKind port) =>
        port == ListenerKind.Node ? new NodeAccess([Elsewhere], null, mutualTls: true, _refusals).Judge : Peers(mutualTls: true).Judge;

    private PeerAccess Peers(bool mutualTls) => new(
        new ReplicaIdentity(IPEndPoint.Parse("10.98.2.1:9090"), ["10.98.2.1:9090", "10.98.2.2:9090"], "10.98.2.1:5555", "1.0"),
        () => Membership.Empty, mutualTls, _refusals);

    private async Task<RpcServer> StartAsync(ListenerKind port, Func<RpcServerContext, RpcStatus> judge, TlsIdentity? tls)
    {
        RpcServer server = new(new RpcServerOptions { EndPoints = [AnyPort], Authorize = judge, Tls = tls, TlsRefused = _refusals.OfHandshakes(port) });
        server.MapUnary(NodeServiceMethods.GetConfig, (_, _) =>
        {
            _served = true;
            return ValueTask.FromResult(new GetConfigResponse());
        });
        await server.StartAsync();
        return server;
    }

    private static async Task<StatusCode> CallAsync(RpcServer server, TlsIdentity? tls, string? authorization = null)
    {
        using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = server.EndPoints[0].Port, Tls = tls });
        RpcMetadata metadata = new();
        if (authorization is not null)
            metadata.Add(NodeAccess.TokenHeader, authorization);
        try
        {
            await new NodeServiceClient(channel).GetConfigAsync(new GetConfigRequest { Node = "node-1" }, new RpcCallOptions(Metadata: metadata));
            return StatusCode.Ok;
        }
        catch (RpcException e)
        {
            return e.Code;
        }
    }

    private void IsRefused(ListenerKind port, RefusalReason reason, ulong times)
    {
        _served.Should().BeFalse();
        _refusals.Count(port, reason).Should().Be(times);
    }
}
