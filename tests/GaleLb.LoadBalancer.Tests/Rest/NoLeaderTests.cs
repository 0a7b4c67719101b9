using GaleLb.LoadBalancer.Tests.Support;

namespace GaleLb.LoadBalancer.Tests.Rest;

/// <summary>A replica that no leader confirms says so, and when to ask again, rather than what it last knew.</summary>
public sealed class NoLeaderTests : IAsyncLifetime
{
    private ApiHarness _api = null!;

    public async Task InitializeAsync()
    {
        _api = (await ApiHarness.StartAsync()).WithRoutable(2);
        _api.Replica.Confirms = false;
    }

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

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
        ApiAnswer answer = (await _api.GetAsync(what)).Being(503);

        answer.RetryAfter.Should().Be(TimeSpan.FromSeconds(1));
        (await _api.GetAsync(what + "?consistency=local")).Being(200);
    }

    [Fact]
    public async Task DryRun_WithoutALeader_IsUnavailableAndSaysWhenToAskAgain()
    {
        ApiAnswer answer = (await _api.SendAsync("POST", "nodes/node-1/drain?dry_run=true")).Being(503);

        answer.RetryAfter.Should().Be(TimeSpan.FromSeconds(1));
    }
}
