using System.Net;
using GaleLb.Rpc.Framing;

namespace GaleLb.Rpc.Client;

/// <summary>What an answer that is no gRPC answer means (the protocol's "HTTP to gRPC status code mapping").</summary>
internal static class HttpStatus
{
    public static RpcStatus Judge(HttpResponseMessage response, string target)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            StatusCode code = response.StatusCode switch
            {
                HttpStatusCode.BadRequest => StatusCode.Internal,
                HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
                HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
                HttpStatusCode.NotFound => StatusCode.Unimplemented,
                HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => StatusCode.Unavailable,
                _ => StatusCode.Unknown,
            };
            return new RpcStatus(code, $"{target} answered HTTP {(int)response.StatusCode}: no gRPC server.");
        }
        string? type = response.Content.Headers.ContentType?.ToString();
        return Protocol.IsContentType(type)
            ? RpcStatus.Ok
            : new RpcStatus(StatusCode.Unknown, $"{target} answered content type '{type}': no gRPC server.");
    }
}
