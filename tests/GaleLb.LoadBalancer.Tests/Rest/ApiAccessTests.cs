using System.Net;
using GaleLb.LoadBalancer.Rest;
using Microsoft.AspNetCore.Http;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class ApiAccessTests
{
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
        ApiAccess access = new(token: null, tokenFile: null);
        IPAddress address = IPAddress.Parse(caller);

        Problem? problem = access.Refuse(Request(method, "/api/v1/nodes/node-1", address, authorization: null));

        (problem?.Status).Should().Be(status);
    }

    [Theory]
    [InlineData("/api/v1/nodes", null, 401)]
    [InlineData("/api/v1/nodes", "Bearer wrong", 401)]
    [InlineData("/api/v1/nodes", "Basic c2VjcmV0", 401)]
    [InlineData("/api/v1/nodes", "Bearer secret", null)]
    [InlineData("/api/v1/nodes", "bearer secret", null)]
    [InlineData("/metrics", null, 401)]
    [InlineData("/readyz", null, null)]
    [InlineData("/healthz", null, null)]
    public void Refuse_WithToken_WantsItForAllButTheProbes(string path, string? authorization, int? status)
    {
        ApiAccess access = new("secret", "/etc/gale-lb/api.token");

        Problem? problem = access.Refuse(Request("GET", path, IPAddress.Loopback, authorization));

        (problem?.Status).Should().Be(status);
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
