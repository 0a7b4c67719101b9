using Google.Protobuf;

namespace GaleLb.Rpc.Client;

/// <summary>A stream out, one message in.</summary>
public sealed class ClientStreamingCall<TRequest, TResponse> : RpcCall<TResponse>
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly MessageStreamContent _content;

    internal ClientStreamingCall(ClientCall<TResponse> call, MessageStreamContent content)
        : base(call)
    {
        _content = content;
        Response = call.ReadOneAsync();
    }

    /// <summary>Faults with <see cref="RpcException"/> unless the call ends with Ok. The server may answer before the stream is completed.</summary>
    public Task<TResponse> Response { get; }

    /// <summary>Sends one message; without <paramref name="flush"/> it waits for the next one that is flushed, so that many small
    /// messages share a frame. One write at a time.</summary>
    /// <exception cref="RpcException">The call has ended; this is its status.</exception>
    public async ValueTask WriteAsync(TRequest message, bool flush = true)
    {
        try
        {
            await _content.WriteAsync(message, flush, Call.Token);
        }
        catch (Exception e) when (e is (not InvalidOperationException) or ObjectDisposedException)
        {
            // The answer is being read anyway: it tells why the stream was ended.
            await Call.Status;
            throw Call.WriteFailure(e);
        }
    }

    /// <summary>Ends the stream; the answer comes by <see cref="Response"/>.</summary>
    /// <exception cref="RpcException">The call has ended; this is its status.</exception>
    public async ValueTask CompleteAsync()
    {
        try
        {
            await _content.CompleteAsync(Call.Token);
        }
        catch (Exception e) when (e is (not InvalidOperationException) or ObjectDisposedException)
        {
            // The answer is being read anyway: it tells why the stream was ended.
            await Call.Status;
            throw Call.WriteFailure(e);
        }
    }
}
