using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace GaleLb.Rpc.Server;

/// <summary>What a handler may know of the call it serves.</summary>
/// <remarks>Plain data, so that a handler is tested without a server.</remarks>
public sealed class RpcServerContext
{
    /// <summary><c>/package.Service/Method</c>.</summary>
    public string Method { get; init; } = "";

    /// <summary>Where the call comes from; IPv4 also when the socket is dual-mode.</summary>
    public IPEndPoint RemoteEndPoint { get; init; } = new(IPAddress.None, 0);

    /// <summary>Where it arrived.</summary>
    public IPEndPoint LocalEndPoint { get; init; } = new(IPAddress.None, 0);

    /// <summary>What the caller proved with mTLS; null on a plaintext port.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    public RpcMetadata RequestMetadata { get; init; } = RpcMetadata.Empty;

    /// <summary>Sent with the status at the end of the call.</summary>
    public RpcMetadata ResponseTrailers { get; } = new();

    /// <summary>What the caller granted when the call arrived; null: no deadline.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Fires when the caller is gone, at the deadline, and, for a call with a stream, when the server stops.</summary>
    /// <remarks>A handler that ends by this token's exception needs no mapping: the call ends with CANCELLED, DEADLINE_EXCEEDED or UNAVAILABLE.</remarks>
    public CancellationToken CancellationToken { get; init; }
}
