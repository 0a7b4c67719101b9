using System.Collections.Frozen;
using System.Net;
using GaleLb.Rpc.Framing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace GaleLb.Rpc.Server;

/// <summary>From an HTTP request to the method it names, or to the status that says why not.</summary>
internal sealed class ServerDispatcher(IReadOnlyDictionary<string, ServerMethod> methods, RpcServerOptions options, CancellationToken stopping)
{
    private readonly FrozenDictionary<string, ServerMethod> _methods = methods.ToFrozenDictionary(StringComparer.Ordinal);
    private readonly ILogger _logger = options.Logging.CreateLogger("GaleLb.Rpc.Server");
    private int _calls;

    public async Task DispatchAsync(HttpContext http)
    {
        if (!IsCall(http))
            return;
        int calls = Interlocked.Increment(ref _calls);
        try
        {
            // Whole-server limits of another host may be stricter than a stream bears.
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
                size.MaxRequestBodySize = null;
            string path = http.Request.Path.Value ?? "";
            if (!_methods.TryGetValue(path, out ServerMethod? method))
            {
                ServerCall.Refuse(http, new RpcStatus(StatusCode.Unimplemented, $"Method {path} is not served here."));
                return;
            }
            if (calls > options.CallsMax)
            {
                ServerCall.Refuse(http, new RpcStatus(StatusCode.ResourceExhausted, $"{options.CallsMax} calls are open on this port: no more are taken."));
                return;
            }

            TimeSpan? timeout = null;
            if (http.Request.Headers.TryGetValue(Protocol.Timeout, out var header) && !Framing.Timeout.TryDecode(header.ToString(), out timeout))
            {
                ServerCall.Refuse(http, new RpcStatus(StatusCode.Internal, $"grpc-timeout '{header}' is malformed: expected up to 8 digits and one of H M S m u n."));
                return;
            }
            using ServerCall call = new(http, options, timeout, method.IsStreaming, stopping);
            await RunAsync(call, method);
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
        }
    }

    private async Task RunAsync(ServerCall call, ServerMethod method)
    {
        RpcStatus status;
        try
        {
            status = options.Authorize?.Invoke(call.Context) ?? RpcStatus.Ok;
            if (status.IsOk)
                await method.InvokeAsync(call);
        }
        catch (Exception e)
        {
            status = call.StatusOf(e);
            if (status.Code == StatusCode.Unknown && e is not RpcException)
                _logger.LogError(e, "{Method} from {Remote} failed", call.Context.Method, call.Context.RemoteEndPoint);
        }
        call.Finish(status);
    }

    private static bool IsCall(HttpContext http)
    {
        HttpStatusCode refusal = http.Request switch
        {
            { Method: not "POST" } => HttpStatusCode.MethodNotAllowed,
            { ContentType: var type } when !Protocol.IsContentType(type) => HttpStatusCode.UnsupportedMediaType,
            _ => HttpStatusCode.OK,
        };
        http.Response.StatusCode = (int)refusal;
        if (refusal == HttpStatusCode.MethodNotAllowed)
            http.Response.Headers.Allow = "POST";
        return refusal == HttpStatusCode.OK;
    }
}
