using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace GaleLb.Rpc.Client;

/// <summary>What a failure of the transport means (the protocol's table of HTTP/2 error codes).</summary>
internal static class TransportStatus
{
    public static RpcStatus Of(Exception e, string target)
    {
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case RpcException rpc:
                    return rpc.Status;
                case HttpProtocolException protocol:
                    return new RpcStatus(CodeOf(protocol.ErrorCode), $"{target}: {protocol.Message}");
                case SocketException socket:
                    return new RpcStatus(StatusCode.Unavailable, $"{target}: {socket.Message}");
                case AuthenticationException tls:
                    return new RpcStatus(StatusCode.Unavailable, $"{target}: TLS failed: {tls.Message}");
                case TimeoutException:
                    return new RpcStatus(StatusCode.Unavailable, $"{target} could not be reached in time.");
            }
        }
        return new RpcStatus(StatusCode.Unavailable, $"{target}: {e.Message}");
    }

    // RFC 9113, section 7. Code 0 is how a server that stops closes its connections; codes 1 and 2 are also what SocketsHttpHandler makes
    // of a keepalive ping without an answer: none says anything of the call itself, which may be tried elsewhere.
    private static StatusCode CodeOf(long errorCode) => errorCode switch
    {
        0 or 1 or 2 or 7 => StatusCode.Unavailable,
        8 => StatusCode.Cancelled,
        11 => StatusCode.ResourceExhausted,
        12 => StatusCode.PermissionDenied,
        3 or 4 or 5 or 6 or 9 or 10 or 13 => StatusCode.Internal,
        _ => StatusCode.Unknown,
    };
}
