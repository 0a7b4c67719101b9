namespace GaleLb.Rpc.Server;

/// <summary>The answering side of a call with a response stream.</summary>
public interface IRpcStreamWriter<in T>
{
    /// <summary>Sends one message; completes when the connection has taken it, so that a slow reader slows the writer.</summary>
    /// <remarks>One write at a time; not after the handler has ended.</remarks>
    /// <exception cref="RpcException">The caller is gone.</exception>
    /// <exception cref="OperationCanceledException">The call's token fired.</exception>
    ValueTask WriteAsync(T message, CancellationToken cancellationToken = default);
}
