using System.Net;
using System.Net.Http.Headers;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Tests.Support;
using static GaleLb.Rpc.Tests.Support.EchoServer;

namespace GaleLb.Rpc.Tests.Server;

/// <summary>What a server answers to requests that no proper client sends, byte for byte.</summary>
public sealed class RawRequestTests : IAsyncLifetime
{
    private static readonly HttpClient Client = new() { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
    private RpcServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await StartAsync(s => s.MapEcho(), new RpcServerOptions { EndPoints = [AnyPort], MessageBytesMax = 1000 });
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("no message", "", null, "12")]
    [InlineData("two messages", "0000000000 0000000000", null, "12")]
    [InlineData("header cut short", "000000", null, "13")]
    [InlineData("message cut short", "0000000005 0a", null, "13")]
    [InlineData("length beyond the limit", "00000003e9", null, "8")]
    [InlineData("length of 4 GiB", "00ffffffff", null, "8")]
    [InlineData("no protobuf", "0000000002 ffff", null, "13")]
    [InlineData("field longer than the message", "0000000002 0a7f", null, "13")]
    [InlineData("compressed, gzip", "0100000000", "gzip", "12")]
    [InlineData("compressed, encoding unnamed", "0100000000", null, "13")]
    [InlineData("compressed, encoding identity", "0100000000", "identity", "13")]
    [InlineData("unknown flag", "0200000000", null, "13")]
    [InlineData("not compressed though gzip is named", "0000000000", "gzip", "0")]
    [InlineData("empty message", "0000000000", null, "0")]
    public async Task Unary_Body_EndsWithStatus(string because, string bodyHex, string? encoding, string status)
    {
        using HttpRequestMessage request = Post(Echo.Unary.Path, Convert.FromHexString(bodyHex.Replace(" ", "", StringComparison.Ordinal)));
        if (encoding is not null)
            request.Headers.Add("grpc-encoding", encoding);

        (await StatusOf(request)).Should().Be(status, because);
        await ServesStill();
    }

    [Theory]
    [InlineData("1x")]
    [InlineData("S")]
    [InlineData("123456789S")]
    [InlineData("-1S")]
    [InlineData("")]
    public async Task Unary_MalformedTimeout_IsInternal(string timeout)
    {
        using HttpRequestMessage request = Post(Echo.Unary.Path, [0, 0, 0, 0, 0]);
        request.Headers.TryAddWithoutValidation("grpc-timeout", timeout);

        (await StatusOf(request)).Should().Be("13");
    }

    [Theory]
    [InlineData("/galelb.test.Echo/None")]
    [InlineData("/galelb.test.Echo/unary")]
    [InlineData("/galelb.test.Echo/Unary/")]
    [InlineData("/")]
    public async Task Post_UnknownPath_IsUnimplementedInTheHeaders(string path)
    {
        using HttpRequestMessage request = Post(path, [0, 0, 0, 0, 0]);
        using HttpResponseMessage response = await Client.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Headers.GetValues("grpc-status").Should().Equal("12");
        response.Content.Headers.ContentType!.ToString().Should().Be("application/grpc");
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData("application/grpc+json")]
    [InlineData("application/grpcx")]
    public async Task Post_OtherContentType_IsHttp415(string type)
    {
        using HttpRequestMessage request = Post(Echo.Unary.Path, []);
        request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using HttpResponseMessage response = await Client.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("application/grpc+proto")]
    [InlineData("application/grpc; charset=utf-8")]
    [InlineData("Application/GRPC")]
    public async Task Post_GrpcContentType_IsServed(string type)
    {
        using HttpRequestMessage request = Post(Echo.Unary.Path, [0, 0, 0, 0, 0]);
        request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(type);

        (await StatusOf(request)).Should().Be("0");
    }

    [Fact]
    public async Task Get_AnyPath_IsHttp405()
    {
        using HttpResponseMessage response = await Client.GetAsync(new Uri(Base, Echo.Unary.Path));

        response.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
    }

    private Uri Base => new($"http://{_server.EndPoints[0]}");

    private HttpRequestMessage Post(string path, byte[] body)
    {
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(Base, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        return request;
    }

    private static async Task<string> StatusOf(HttpRequestMessage request)
    {
        using HttpResponseMessage response = await Client.SendAsync(request);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        return response.Headers.TryGetValues("grpc-status", out IEnumerable<string>? early) ? early.Single() : response.TrailingHeaders.GetValues("grpc-status").Single();
    }

    private async Task ServesStill()
    {
        using HttpRequestMessage request = Post(Echo.Unary.Path, [0, 0, 0, 0, 3, 0x0a, 1, 0x41]);
        (await StatusOf(request)).Should().Be("0");
    }
}
