using System.Net;
using GaleLb.Rpc.Security;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GaleLb.Rpc.Server;

/// <summary>One port of gRPC: where it listens, whom it lets in, how much it bears.</summary>
public sealed class RpcServerOptions
{
    /// <summary>At least one; port 0 picks a free one, shown by <see cref="RpcServer.EndPoints"/> after the start.</summary>
    public required IReadOnlyList<IPEndPoint> EndPoints { get; init; }

    /// <summary>Null: plaintext. Otherwise mTLS: every caller proves a certificate of the same roots.</summary>
    public TlsIdentity? Tls { get; init; }

    /// <summary>Told of each caller that got no further than the TLS handshake.</summary>
    public Action<IPEndPoint?, TlsRefusal>? TlsRefused { get; init; }

    /// <summary>Judges a call by who makes it, before a message is read. Anything but Ok is the answer.</summary>
    public Func<RpcServerContext, RpcStatus>? Authorize { get; init; }

    /// <summary>Further connections are closed at once.</summary>
    public long ConnectionsMax { get; init; } = 20_000;

    public int StreamsPerConnectionMax { get; init; } = 100;

    /// <summary>Calls at a time over all connections; further ones end with RESOURCE_EXHAUSTED.</summary>
    public int CallsMax { get; init; } = 50_000;

    /// <summary>The largest message accepted, in bytes.</summary>
    public int MessageBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>A connection with open calls that stays silent this long is pinged.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Without an answer to the ping for this long the connection is dropped and its calls are cancelled.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a stop waits for calls that do not end by their token.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Deadlines run on it.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
