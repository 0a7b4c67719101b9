using System.Net;
using GaleLb.LoadBalancer.Tests.Support;

namespace GaleLb.LoadBalancer.Tests.Rest;

/// <summary>A replica that no leader confirms says so, and when to ask again, rather than what it last knew.</summary>
public sealed class NoLeaderTests : IAsyncLifetime, IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private ApiHarness _api = null!;

    public async Task InitializeAsync()
    {
        _api = (await ApiHarness.StartAsync()).WithRoutable(2);
        _api.Replica.Confirms = false;
    }

    public Task DisposeAsync()
    {
        // First: the server waits for connections that its stop does not end.
        Dispose();
        return _api.DisposeAsync().AsTask();
    }

    public void Dispose() => _http.Dispose();

    [Theory]
    [InlineData("nodes")]
    [InlineData("nodes/node-1")]
    [InlineData("services")]
    [InlineData("blacklist")]
    [InlineData("blocks")]
    [InlineData("config")]
    [InlineData("events")]
    public async Task Read_WithoutALeader_IsUnavailableAndSaysWhenToAskAgain(string what)
    {
        using HttpResponseMessage answer = await _http.GetAsync(new Uri(_api.Address, "/api/v1/" + what));

        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        using HttpResponseMessage local = await _http.GetAsync(new Uri(_api.Address, $"/api/v1/{what}?consistency=local"));
        local.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task DryRun_WithoutALeader_IsUnavailable()
    {
        using HttpResponseMessage answer = await _http.PostAsync(new Uri(_api.Address, "/api/v1/nodes/node-1/drain?dry_run=true"), content: null);

        answer.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter.Should().NotBeNull();
    }
}
