using GaleLb.Rpc.Server;
using static GaleLb.Rpc.Health.HealthCheckResponse.Types;

namespace GaleLb.Rpc.Health;

/// <summary>The <c>grpc.health.v1.Health</c> service: what this process says of its services. Thread-safe.</summary>
public sealed class HealthService
{
    private const string Service = "grpc.health.v1.Health";
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ServingStatus> _statuses = new(StringComparer.Ordinal);

    // Completed and replaced at each change: every watcher waits on the one of the state it last told.
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="overall">The status of the server as a whole, the empty service name.</param>
    public HealthService(ServingStatus overall = ServingStatus.Serving) => _statuses[""] = overall;

    public static RpcMethod<HealthCheckRequest, HealthCheckResponse> CheckMethod { get; } =
        new(Service, "Check", MethodShape.Unary, HealthCheckRequest.Parser, HealthCheckResponse.Parser);

    public static RpcMethod<HealthCheckRequest, HealthCheckResponse> WatchMethod { get; } =
        new(Service, "Watch", MethodShape.ServerStreaming, HealthCheckRequest.Parser, HealthCheckResponse.Parser);

    /// <param name="service">A full service name; empty: the server as a whole.</param>
    public void Set(string service, ServingStatus status)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            if (_statuses.TryGetValue(service, out ServingStatus present) && present == status)
                return;
            _statuses[service] = status;
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        changed.SetResult();
    }

    internal ValueTask<HealthCheckResponse> CheckAsync(HealthCheckRequest request, RpcServerContext context)
    {
        (ServingStatus status, _) = Read(request.Service);
        return status == ServingStatus.ServiceUnknown
            ? throw new RpcException(StatusCode.NotFound, $"Service '{request.Service}' is not known here.")
            : ValueTask.FromResult(new HealthCheckResponse { Status = status });
    }

    internal async Task WatchAsync(HealthCheckRequest request, IRpcStreamWriter<HealthCheckResponse> responses, RpcServerContext context)
    {
        ServingStatus? told = null;
        while (true)
        {
            (ServingStatus status, Task changed) = Read(request.Service);
            if (status != told)
                await responses.WriteAsync(new HealthCheckResponse { Status = status });
            told = status;
            await changed.WaitAsync(context.CancellationToken);
        }
    }

    private (ServingStatus Status, Task Changed) Read(string service)
    {
        lock (_lock)
            return (_statuses.GetValueOrDefault(service, ServingStatus.ServiceUnknown), _changed.Task);
    }
}
