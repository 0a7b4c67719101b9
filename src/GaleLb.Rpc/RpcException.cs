namespace GaleLb.Rpc;

/// <summary>A call that did not end with <see cref="StatusCode.Ok"/>.</summary>
/// <remarks>A handler throws it to end its call with that status; a client's call throws it for what the server said and for
/// transport failures, whose cause is the inner exception (for example a refused connection as <see cref="System.Net.Sockets.SocketException"/>).</remarks>
public sealed class RpcException : Exception
{
    public RpcException(RpcStatus status, Exception? innerException = null, RpcMetadata? trailers = null)
        : base(status.ToString(), innerException)
    {
        if (status.IsOk)
            throw new ArgumentException("A call that ended with Ok has not failed.", nameof(status));
        Status = status;
        Trailers = trailers ?? RpcMetadata.Empty;
    }

    public RpcException(StatusCode code, string message, Exception? innerException = null)
        : this(new RpcStatus(code, message), innerException)
    {
    }

    public RpcStatus Status { get; }

    public StatusCode Code => Status.Code;

    /// <summary>What the server sent with its status; read-only.</summary>
    public RpcMetadata Trailers { get; }
}
