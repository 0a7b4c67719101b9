using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace GaleLb.Rpc.Client;

/// <summary>One message out, a stream in.</summary>
public sealed class ServerStreamingCall<TResponse> : RpcCall<TResponse>
    where TResponse : class, IMessage<TResponse>
{
    internal ServerStreamingCall(ClientCall<TResponse> call)
        : base(call)
    {
    }

    /// <summary>The next message, or null at the end with Ok. One read at a time; cancelling a read cancels the call.</summary>
    /// <exception cref="RpcException">The call ended otherwise.</exception>
    public ValueTask<TResponse?> ReadAsync(CancellationToken cancellationToken = default) => Call.ReadAsync(cancellationToken);

    /// <summary>All messages to the end. Ends by itself only when the call ends with Ok.</summary>
    /// <exception cref="RpcException">The call ended otherwise.</exception>
    public async IAsyncEnumerable<TResponse> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await ReadAsync(cancellationToken) is { } message)
            yield return message;
    }
}
