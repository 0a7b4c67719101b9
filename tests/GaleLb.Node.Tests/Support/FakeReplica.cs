using System.Net;
using System.Threading.Channels;
using GaleLb.Rpc;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Tests.Support;

/// <summary>A replica as a node sees it, over real gRPC on loopback; the test decides what it says.</summary>
internal sealed class FakeReplica : INodeService, IAsyncDisposable
{
    private readonly RpcServer _server;
    private readonly CancellationTokenSource _ended = new();
    private RpcStatus _ending;

    private FakeReplica() => _server = new RpcServer(new RpcServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] }).MapNodeService(this);

    public int Port => _server.EndPoints[0].Port;

    public GetConfigResponse Config { get; } = new() { ClusterId = "c1", HeartbeatIntervalMs = 1000 };

    /// <summary>Every heartbeat heard, in order.</summary>
    public Channel<HeartbeatRequest> Heard { get; } = Channel.CreateUnbounded<HeartbeatRequest>();

    /// <summary>Makes the answer to a heartbeat; null: none.</summary>
    public Func<HeartbeatRequest, HeartbeatResponse?> Answer { get; set; } =
        heartbeat => new HeartbeatResponse { Sequence = heartbeat.Sequence, State = NodeState.Probing, HeartbeatIntervalMs = 1000 };

    /// <summary>What GetConfig is refused with; null: it is answered.</summary>
    public RpcStatus? Refusal { get; set; }

    public int Calls;

    public static async Task<FakeReplica> StartAsync()
    {
        FakeReplica replica = new();
        await replica._server.StartAsync();
        return replica;
    }

    /// <summary>The next heartbeat.</summary>
    public Task<HeartbeatRequest> NextAsync() => Heard.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>Ends every stream with a status, also those to come.</summary>
    public void End(RpcStatus status)
    {
        _ending = status;
        _ended.Cancel();
    }

    public ValueTask<GetConfigResponse> GetConfigAsync(GetConfigRequest request, RpcServerContext context)
    {
        Interlocked.Increment(ref Calls);
        return Refusal is { } refusal ? throw new RpcException(refusal) : ValueTask.FromResult(Config);
    }

    public async Task HeartbeatAsync(IAsyncEnumerable<HeartbeatRequest> requests, IRpcStreamWriter<HeartbeatResponse> responses, RpcServerContext context)
    {
        try
        {
            await foreach (HeartbeatRequest request in requests.WithCancellation(_ended.Token))
            {
                Heard.Writer.TryWrite(request);
                if (Answer(request) is { } answer)
                    await responses.WriteAsync(answer);
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            throw new RpcException(_ending);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _ended.Dispose();
    }
}
