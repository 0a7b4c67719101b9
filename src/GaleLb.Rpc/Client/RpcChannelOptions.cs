using System.Net;
using GaleLb.Rpc.Security;

namespace GaleLb.Rpc.Client;

/// <summary>One server as a client sees it.</summary>
public sealed class RpcChannelOptions
{
    /// <summary>An IP address or a host name; with TLS also the name the server must prove.</summary>
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Null: plaintext with HTTP/2 prior knowledge. Otherwise mTLS.</summary>
    public TlsIdentity? Tls { get; init; }

    /// <summary>Connections come from this address of this machine; null: the system chooses.</summary>
    public IPAddress? SourceAddress { get; init; }

    /// <summary>Bounds resolving the name, TCP and TLS together.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A connection with open calls that stays silent this long is pinged. Some servers (gRPC's own) drop clients that ping
    /// more often than every 10 s or so. A connection on which no further call fits was seen not to be pinged: whoever has a hundred
    /// streams to a server must notice its silence by their answers.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Without an answer to the ping for this long the connection's calls end with UNAVAILABLE.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest message accepted, in bytes.</summary>
    public int MessageBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>Deadlines run on it.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
