using System.Net;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Tests.Support;

/// <summary>A replica that answers introductions with <paramref name="introduction"/> and nothing else.</summary>
internal sealed class WaitingReplica(Introduction introduction) : IPeerService, IAsyncDisposable
{
    private RpcServer? _server;

    public string Address { get; private set; } = "";

    public async Task<WaitingReplica> StartAsync()
    {
        _server = new RpcServer(new RpcServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] }).MapPeerService(this);
        await _server.StartAsync();
        Address = _server.EndPoints.Single().ToString();
        return this;
    }

    public ValueTask<Introduction> IntroduceAsync(Introduction request, RpcServerContext context)
    {
        Introduction answer = introduction.Clone();
        answer.Address = Address;
        return ValueTask.FromResult(answer);
    }

    public Task<ExchangeSummary> ExchangeAsync(IAsyncEnumerable<RaftFrame> frames, RpcServerContext context) => throw new NotSupportedException();

    public ValueTask<ProposeResponse> ProposeAsync(ProposeRequest request, RpcServerContext context) => throw new NotSupportedException();

    public ValueTask<ProposeResponse> ChangeMembersAsync(MembersRequest request, RpcServerContext context) => throw new NotSupportedException();

    public Task ObserveAsync(IAsyncEnumerable<ObservationBatch> batches, IRpcStreamWriter<ObservationAnswers> answers, RpcServerContext context) =>
        throw new NotSupportedException();

    public ValueTask<LastHeardResponse> LastHeardAsync(LastHeardRequest request, RpcServerContext context) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
