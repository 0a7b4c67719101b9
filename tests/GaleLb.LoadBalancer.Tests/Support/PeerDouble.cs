using System.Net;
using GaleLb.Raft;
using GaleLb.Rpc;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Tests.Support;

/// <summary>Another replica over real gRPC on loopback, that says what a test tells it to.</summary>
internal sealed class PeerDouble : IPeerService, IAsyncDisposable
{
    private readonly RpcServer _server;

    private PeerDouble(MemberId id)
    {
        Id = id;
        _server = new RpcServer(new RpcServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] }).MapPeerService(this);
    }

    public MemberId Id { get; }

    public string Address => _server.EndPoints.Single().ToString();

    /// <summary>Whom it has heard; null: it refuses to say.</summary>
    public LastHeardResponse? LastHeard { get; set; } = new();

    /// <summary>What it does with an open stream of observations.</summary>
    public Func<IAsyncEnumerable<ObservationBatch>, IRpcStreamWriter<ObservationAnswers>, Task> Observe { get; set; } =
        (_, _) => throw new RpcException(StatusCode.FailedPrecondition, "does not lead");

    public static async Task<PeerDouble> StartAsync(MemberId id)
    {
        PeerDouble peer = new(id);
        await peer._server.StartAsync();
        return peer;
    }

    public Introduction Introduction => new() { MemberId = Id.Value, Address = Address, StateVersionMax = State.ClusterState.StateVersionMax };

    public ValueTask<Introduction> IntroduceAsync(Introduction request, RpcServerContext context) => ValueTask.FromResult(Introduction);

    public async Task<ExchangeSummary> ExchangeAsync(IAsyncEnumerable<RaftFrame> frames, RpcServerContext context)
    {
        await foreach (RaftFrame _ in frames.WithCancellation(context.CancellationToken))
        {
        }

        return new ExchangeSummary();
    }

    public Task ObserveAsync(IAsyncEnumerable<ObservationBatch> batches, IRpcStreamWriter<ObservationAnswers> answers, RpcServerContext context) =>
        Observe(batches, answers);

    public ValueTask<LastHeardResponse> LastHeardAsync(LastHeardRequest request, RpcServerContext context) => LastHeard is { } heard
        ? ValueTask.FromResult(heard)
        : throw new RpcException(StatusCode.FailedPrecondition, "introduce yourself first");

    public ValueTask<ProposeResponse> ProposeAsync(ProposeRequest request, RpcServerContext context) => throw new NotSupportedException();

    public ValueTask<ProposeResponse> ChangeMembersAsync(MembersRequest request, RpcServerContext context) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
