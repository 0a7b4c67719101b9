using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Rest;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.LoadBalancer.Watching;
using GaleLb.Rpc.Security;
using GaleLb.Rpc.Tests.Support;

namespace GaleLb.LoadBalancer.Tests.Rest;

/// <summary>The REST port with certificates, by real connections.</summary>
public sealed class RestTlsTests : IDisposable
{
    private readonly Certificates _certificates = new();
    private readonly Certificates _strangers = new();
    private readonly string _tokens = Path.GetTempFileName();

    public void Dispose()
    {
        _certificates.Dispose();
        _strangers.Dispose();
        File.Delete(_tokens);
    }

    [Fact]
    public async Task Get_WithACertificateOfTheAuthority_IsAnswered()
    {
        await using ApiHarness api = await StartAsync();
        using HttpClient http = Client(_certificates, "operator");

        (await http.GetAsync(new Uri(api.Address, "/api/v1/status"))).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Any_WithoutACertificate_GetsNowhereButToTheProbes()
    {
        await using ApiHarness api = await StartAsync();
        api.WithRoutable(2);
        using HttpClient http = Client(_certificates, name: null);

        (await http.GetAsync(new Uri(api.Address, "/api/v1/status"))).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await http.GetAsync(new Uri(api.Address, "/metrics"))).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await http.DeleteAsync(new Uri(api.Address, "/api/v1/nodes/node-1"))).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await http.GetAsync(new Uri(api.Address, "/healthz"))).StatusCode.Should().Be(HttpStatusCode.OK);
        api.State.FindNode("node-1").Should().NotBeNull();
        api.Refusals.Count(ListenerKind.Api, RefusalReason.Certificate).Should().Be(3);
    }

    [Fact]
    public async Task Get_WithAStrangersCertificate_IsRefusedInTheHandshakeAndCounted()
    {
        await using ApiHarness api = await StartAsync();
        using HttpClient http = Client(_strangers, "stranger");

        await http.Invoking(h => h.GetAsync(new Uri(api.Address, "/healthz"))).Should().ThrowAsync<HttpRequestException>();

        (await api.Told.First).Should().Contain("rest").And.Contain("ca vouches for");
        api.Refusals.Count(ListenerKind.Api, RefusalReason.Certificate).Should().BePositive("the client tries several times");
        api.Told.Lines.Should().ContainSingle();
    }

    [Fact]
    public async Task Get_Plaintext_IsRefusedInTheHandshakeAndCounted()
    {
        await using ApiHarness api = await StartAsync();
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false });

        await http.Invoking(h => h.GetAsync(new Uri($"http://{api.Address.Authority}/api/v1/status"))).Should().ThrowAsync<HttpRequestException>();

        (await api.Told.First).Should().Contain("handshake");
        api.Refusals.Count(ListenerKind.Api, RefusalReason.Handshake).Should().BePositive("the client tries several times");
    }

    [Fact]
    public async Task Delete_WithACertificate_NeedsAnOrderTokenToo()
    {
        await File.WriteAllTextAsync(_tokens, "read watcher\norder operator\n");
        await using ApiHarness api = await StartAsync(ApiTokens.Load(_tokens));
        api.WithRoutable(2);
        using HttpClient http = Client(_certificates, "node");
        Uri node = new(api.Address, "/api/v1/nodes/node-1");

        (await http.DeleteAsync(node)).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "watcher");
        (await http.DeleteAsync(node)).StatusCode.Should().Be(HttpStatusCode.Forbidden);
        api.State.FindNode("node-1").Should().NotBeNull();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "operator");
        (await http.DeleteAsync(node)).StatusCode.Should().Be(HttpStatusCode.OK);
        (await http.GetStringAsync(new Uri(api.Address, "/metrics"))).Should()
            .Contain("galelb_refused_callers_total{port=\"rest\",reason=\"role\"} 2\n").And
            .Contain("galelb_refused_callers_total{port=\"peer\",reason=\"certificate\"} 0\n");
    }

    [Fact]
    public async Task Reload_NewCertificate_IsShownToTheNextConnection()
    {
        TlsIdentity replica = _certificates.Issue("replica");
        await using ApiHarness api = await ApiHarness.StartAsync(new WatchOptions(), tokens: null, replica);
        _certificates.Issue("replica");
        replica.ReloadIfChanged().Should().BeTrue();
        string? shown = null;
        using HttpClient http = Client(_certificates, "operator", certificate => shown = certificate.Thumbprint);

        (await http.GetAsync(new Uri(api.Address, "/healthz"))).StatusCode.Should().Be(HttpStatusCode.OK);

        shown.Should().Be(replica.Certificate.Thumbprint);
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("10.98.2.1", true)]
    public void Of_Certificates_AreForAllButLoopback(string address, bool tls)
    {
        ApiListener listener = ApiListener.Of(new IPEndPoint(IPAddress.Parse(address), 5555), _certificates.Issue("replica"));

        (listener.Tls is not null).Should().Be(tls);
    }

    private Task<ApiHarness> StartAsync(ApiTokens? tokens = null) => ApiHarness.StartAsync(new WatchOptions(), tokens, _certificates.Issue("replica"));

    private static HttpClient Client(Certificates own, string? name, Action<X509Certificate2>? see = null)
    {
        SslClientAuthenticationOptions tls = new()
        {
            // What it thinks of the replica is tested elsewhere.
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                see?.Invoke((X509Certificate2)certificate!);
                return certificate is not null;
            },
        };
        if (name is not null)
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(own.Issue(name).Certificate, null, offline: true);
        return new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = tls });
    }
}
