using Google.Protobuf;

namespace GaleLb.Rpc.Client;

/// <summary>A call in progress. Disposing it cancels what has not ended.</summary>
public abstract class RpcCall<TResponse> : IDisposable
    where TResponse : class, IMessage<TResponse>
{
    private protected RpcCall(ClientCall<TResponse> call) => Call = call;

    /// <summary>Completes when the call has ended, with its status; never faults. A streamed answer has to be read to its end first.</summary>
    public Task<RpcStatus> Status => Call.Status;

    /// <summary>What came with the status; empty before.</summary>
    public RpcMetadata Trailers => Call.Trailers;

    private protected ClientCall<TResponse> Call { get; }

    /// <summary>The server's headers, as soon as they are there.</summary>
    /// <exception cref="RpcException">The call failed before.</exception>
    public Task<RpcMetadata> HeadersAsync() => Call.HeadersAsync();

    public void Dispose()
    {
        Call.Dispose();
        GC.SuppressFinalize(this);
    }
}
