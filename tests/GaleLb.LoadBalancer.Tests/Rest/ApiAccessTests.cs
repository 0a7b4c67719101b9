using System.Net;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Rest;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Rpc.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class ApiAccessTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();
    private readonly ToldLogger<Refusals> _told = new();
    private readonly Refusals _refusals;

    public ApiAccessTests()
    {
        _refusals = new Refusals(_told);
        File.WriteAllText(_path, "read watcher\norder secret\n");
    }

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData("GET", "10.98.2.11", null)]
    [InlineData("HEAD", "10.98.2.11", null)]
    [InlineData("DELETE", "127.0.0.1", null)]
    [InlineData("DELETE", "::1", null)]
    [InlineData("DELETE", "::ffff:127.0.0.1", null)]
    [InlineData("DELETE", "10.98.2.11", 403)]
    [InlineData("POST", "::ffff:10.98.2.11", 403)]
    public void Refuse_WithoutToken_LetsAnybodyReadAndLoopbackChange(string method, string caller, int? status)
    {
        ApiAccess access = new(tokens: null, mutualTls: false, _refusals);
        IPAddress address = IPAddress.Parse(caller);

        Problem? problem = access.Refuse(Request(method, "/api/v1/nodes/node-1", address, authorization: null));

        (problem?.Status).Should().Be(status);
        _refusals.Count(ListenerKind.Api, RefusalReason.Address).Should().Be(status is null ? 0UL : 1);
    }

    [Theory]
    [InlineData("/api/v1/nodes", null, 401)]
    [InlineData("/api/v1/nodes", "Bearer wrong", 401)]
    [InlineData("/api/v1/nodes", "Basic c2VjcmV0", 401)]
    [InlineData("/api/v1/nodes", "Bearer secret", null)]
    [InlineData("/api/v1/nodes", "bearer secret", null)]
    [InlineData("/api/v1/nodes", "Bearer watcher", null)]
    [InlineData("/metrics", null, 401)]
    [InlineData("/readyz", null, null)]
    [InlineData("/healthz", null, null)]
    public void Refuse_WithToken_WantsItForAllButTheProbes(string path, string? authorization, int? status)
    {
        ApiAccess access = new(ApiTokens.Load(_path), mutualTls: false, _refusals);

        Problem? problem = access.Refuse(Request("GET", path, IPAddress.Loopback, authorization));

        (problem?.Status).Should().Be(status);
        _refusals.Count(ListenerKind.Api, RefusalReason.Token).Should().Be(status is null ? 0UL : 1);
    }

    [Theory]
    [InlineData("POST", "Bearer watcher", 403)]
    [InlineData("PUT", "Bearer watcher", 403)]
    [InlineData("DELETE", "Bearer watcher", 403)]
    [InlineData("DELETE", "Bearer secret", null)]
    public void Refuse_ChangeWithAToken_GoesByItsRole(string method, string authorization, int? status)
    {
        ApiAccess access = new(ApiTokens.Load(_path), mutualTls: false, _refusals);

        Problem? problem = access.Refuse(Request(method, "/api/v1/nodes/node-1", IPAddress.Loopback, authorization));

        (problem?.Status).Should().Be(status);
        if (problem is not null)
            problem.Document.Detail.Should().Contain("role").And.Contain(_path).And.NotContain("watcher");
        _refusals.Count(ListenerKind.Api, RefusalReason.Role).Should().Be(status is null ? 0UL : 1);
    }

    [Theory]
    [InlineData("GET", true, false, false, null)]
    [InlineData("GET", false, false, false, 401)]
    [InlineData("DELETE", true, false, false, 403)]
    [InlineData("DELETE", false, false, false, 401)]
    [InlineData("GET", true, true, false, null)]
    [InlineData("DELETE", true, true, false, 403)]
    [InlineData("DELETE", true, true, true, null)]
    [InlineData("DELETE", false, true, true, null)]
    [InlineData("GET", false, true, false, 401)]
    public void Refuse_ByTls_ACertificateReadsAndAnOrderTokenChanges(string method, bool certified, bool tokens, bool showsToken, int? status)
    {
        using Certificates certificates = new();
        ApiAccess access = new(tokens ? ApiTokens.Load(_path) : null, mutualTls: true, _refusals);
        // From loopback all the same: by TLS it has no rights of its own.
        HttpRequest request = Request(method, "/api/v1/nodes/node-1", IPAddress.Loopback, showsToken ? "Bearer secret" : null);
        request.Scheme = "https";
        if (certified)
            request.HttpContext.Connection.ClientCertificate = certificates.Issue("node").Certificate;

        Problem? problem = access.Refuse(request);

        (problem?.Status).Should().Be(status);
    }

    [Fact]
    public void Refuse_AWrongTokenBesideACertificate_IsNotHidden()
    {
        using Certificates certificates = new();
        ApiAccess access = new(ApiTokens.Load(_path), mutualTls: true, _refusals);
        HttpRequest request = Request("GET", "/api/v1/nodes", IPAddress.Loopback, "Bearer wrong");
        request.HttpContext.Connection.ClientCertificate = certificates.Issue("node").Certificate;

        (access.Refuse(request)?.Status).Should().Be(401);
    }

    [Fact]
    public void Refuse_AgainAndAgain_CountsEachAndTellsOnceWithoutTheToken()
    {
        ApiAccess access = new(ApiTokens.Load(_path), mutualTls: false, _refusals);
        for (int i = 0; i < 3; i++)
            access.Refuse(Request("GET", "/api/v1/nodes", IPAddress.Parse("10.98.2.11"), "Bearer wrong-one"));

        _refusals.Count(ListenerKind.Api, RefusalReason.Token).Should().Be(3);
        _told.Lines.Should().ContainSingle().Which.Should().Contain("10.98.2.11").And.Contain("rest").And.NotContain("wrong-one");
    }

    private static HttpRequest Request(string method, string path, IPAddress caller, string? authorization)
    {
        DefaultHttpContext context = new();
        context.Request.Method = method;
        context.Request.Path = path;
        context.Connection.RemoteIpAddress = caller;
        if (authorization is not null)
            context.Request.Headers.Authorization = authorization;
        return context.Request;
    }
}
