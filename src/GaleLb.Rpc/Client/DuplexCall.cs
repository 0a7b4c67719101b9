using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace GaleLb.Rpc.Client;

/// <summary>Streams both ways, independent of each other: one writer and one reader at a time.</summary>
public sealed class DuplexCall<TRequest, TResponse> : RpcCall<TResponse>
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly MessageStreamContent _content;

    internal DuplexCall(ClientCall<TResponse> call, MessageStreamContent content)
        : base(call) => _content = content;

    /// <summary>Sends one message; without <paramref name="flush"/> it waits for the next one that is flushed.</summary>
    /// <exception cref="RpcException">The call has ended, or is ending: a read tells its final status.</exception>
    public async ValueTask WriteAsync(TRequest message, bool flush = true)
    {
        try
        {
            await _content.WriteAsync(message, flush, Call.Token);
        }
        catch (Exception e) when (e is (not InvalidOperationException) or ObjectDisposedException)
        {
            throw Call.WriteFailure(e);
        }
    }

    /// <summary>Ends the outgoing stream; answers can still be read.</summary>
    /// <exception cref="RpcException">The call has ended, or is ending: a read tells its final status.</exception>
    public async ValueTask CompleteAsync()
    {
        try
        {
            await _content.CompleteAsync(Call.Token);
        }
        catch (Exception e) when (e is (not InvalidOperationException) or ObjectDisposedException)
        {
            throw Call.WriteFailure(e);
        }
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
