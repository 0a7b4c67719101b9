using GaleLb.Rpc.Client;
using GaleLb.Rpc.Health;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.Tests.Support;
using static GaleLb.Rpc.Health.HealthCheckResponse.Types;
using static GaleLb.Rpc.Tests.Client.CallEndsTests;

namespace GaleLb.Rpc.Tests.Services;

public sealed class HealthServiceTests : IAsyncLifetime
{
    private readonly HealthService _health = new();
    private RpcServer _server = null!;
    private RpcChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _server = await EchoServer.StartAsync(s => s.MapHealthService(_health));
        _channel = EchoServer.ChannelTo(_server);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Check_WholeServer_IsServing() => (await CheckAsync("")).Should().Be(ServingStatus.Serving);

    [Fact]
    public async Task Check_ServiceSet_TellsItsStatus()
    {
        _health.Set("galelb.v1.NodeService", ServingStatus.NotServing);

        (await CheckAsync("galelb.v1.NodeService")).Should().Be(ServingStatus.NotServing);
    }

    [Fact]
    public async Task Check_UnknownService_IsNotFound() =>
        (await FailureOf(CheckAsync("none"))).Code.Should().Be(StatusCode.NotFound);

    [Fact]
    public async Task Watch_UnknownThenSetThenChanged_TellsEach()
    {
        using ServerStreamingCall<HealthCheckResponse> watch = _channel.ServerStreaming(HealthService.WatchMethod, new HealthCheckRequest { Service = "s" });
        (await watch.ReadAsync())!.Status.Should().Be(ServingStatus.ServiceUnknown);

        _health.Set("s", ServingStatus.Serving);
        (await watch.ReadAsync())!.Status.Should().Be(ServingStatus.Serving);

        _health.Set("other", ServingStatus.Serving);
        _health.Set("s", ServingStatus.NotServing);
        (await watch.ReadAsync())!.Status.Should().Be(ServingStatus.NotServing, "a change of another service is not told");
    }

    private async Task<ServingStatus> CheckAsync(string service) =>
        (await _channel.UnaryAsync(HealthService.CheckMethod, new HealthCheckRequest { Service = service })).Status;
}
