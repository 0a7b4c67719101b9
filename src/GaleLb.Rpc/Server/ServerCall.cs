using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using GaleLb.Rpc.Framing;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace GaleLb.Rpc.Server;

/// <summary>One call in progress: its context, its tokens, and how it ends.</summary>
internal sealed class ServerCall : IDisposable
{
    private readonly HttpContext _http;
    private readonly RpcServerOptions _options;
    private readonly CancellationToken _stopping;
    private readonly CancellationTokenSource? _deadline;
    private readonly CancellationTokenSource? _linked;
    private bool _hasBody;
    private bool _ended;

    public ServerCall(HttpContext http, RpcServerOptions options, TimeSpan? timeout, bool isStreaming, CancellationToken stopping)
    {
        _http = http;
        _options = options;
        // A unary call is short: a stop lets it finish. A stream would hold the stop until its timeout.
        _stopping = isStreaming ? stopping : CancellationToken.None;
        _deadline = timeout is { } span ? new CancellationTokenSource(span, options.Time) : null;
        CancellationToken token = http.RequestAborted;
        if (_deadline is not null || isStreaming)
        {
            _linked = CancellationTokenSource.CreateLinkedTokenSource(token, _deadline?.Token ?? CancellationToken.None, _stopping);
            token = _linked.Token;
        }
        Context = new RpcServerContext
        {
            Method = http.Request.Path.Value ?? "",
            RemoteEndPoint = EndPoint(http.Connection.RemoteIpAddress, http.Connection.RemotePort),
            LocalEndPoint = EndPoint(http.Connection.LocalIpAddress, http.Connection.LocalPort),
            ClientCertificate = options.Tls is null ? null : http.Connection.ClientCertificate,
            RequestMetadata = MetadataOf(http.Request.Headers),
            Timeout = timeout,
            CancellationToken = token,
        };
    }

    public RpcServerContext Context { get; }

    public PipeWriter Output => _http.Response.BodyWriter;

    public MessageReader<T> Reader<T>(MessageParser<T> parser)
        where T : class, IMessage<T> =>
        new(_http.Request.BodyReader, parser, _options.MessageBytesMax, _http.Request.Headers[Protocol.Encoding]);

    /// <summary>An answer without a body: status in the headers, as gRPC's "Trailers-Only".</summary>
    public static void Refuse(HttpContext http, RpcStatus status)
    {
        http.Response.ContentType = Protocol.ContentType;
        AddStatus(http.Response.Headers, status, RpcMetadata.Empty);
    }

    /// <summary>Sends the headers now, so that the caller knows the call is being served before the first answer.</summary>
    public async Task StartResponseAsync()
    {
        _http.Response.ContentType = Protocol.ContentType;
        await _http.Response.StartAsync(Context.CancellationToken);
        await Output.FlushAsync(Context.CancellationToken);
    }

    /// <summary>Puts a message into the body without sending it yet.</summary>
    /// <exception cref="InvalidOperationException">The handler has ended.</exception>
    public void Write(IMessage message)
    {
        if (_ended)
            throw new InvalidOperationException($"{Context.Method} has ended: nothing can be written to it.");
        if (!_hasBody && !_http.Response.HasStarted)
            _http.Response.ContentType = Protocol.ContentType;
        _hasBody = true;
        MessageFrame.Write(Output, message);
    }

    public RpcStatus StatusOf(Exception e) => e switch
    {
        RpcException rpc => rpc.Status,
        _ when _http.RequestAborted.IsCancellationRequested => new(StatusCode.Cancelled, "The caller is gone."),
        OperationCanceledException when _deadline is { IsCancellationRequested: true } => new(StatusCode.DeadlineExceeded, "The deadline has passed."),
        OperationCanceledException when _stopping.IsCancellationRequested => new(StatusCode.Unavailable, "The server is stopping."),
        BadHttpRequestException bad => new(StatusCode.Internal, bad.Message),
        // A reset may reach the body's reader before RequestAborted fires.
        IOException => new(StatusCode.Cancelled, "The caller is gone."),
        OperationCanceledException => new(StatusCode.Cancelled, "The handler was cancelled."),
        _ => new(StatusCode.Unknown, "The handler failed."),
    };

    public void Finish(RpcStatus status)
    {
        _ended = true;
        if (_http.RequestAborted.IsCancellationRequested)
            return;
        HttpResponse response = _http.Response;
        if (response.HasStarted || _hasBody)
        {
            if (_http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseTrailersFeature>() is { Trailers: { } trailers })
                AddStatus(trailers, status, Context.ResponseTrailers);
            return;
        }
        response.ContentType = Protocol.ContentType;
        AddStatus(response.Headers, status, Context.ResponseTrailers);
    }

    public void Dispose()
    {
        _linked?.Dispose();
        _deadline?.Dispose();
    }

    private static void AddStatus(IHeaderDictionary headers, RpcStatus status, RpcMetadata metadata)
    {
        headers[Protocol.Status] = ((int)status.Code).ToString(CultureInfo.InvariantCulture);
        if (status.Message.Length > 0)
            headers[Protocol.Message] = StatusMessage.Encode(status.Message);
        if (status.Code == StatusCode.Unimplemented)
            headers[Protocol.AcceptEncoding] = "identity";
        foreach ((string key, string value) in metadata)
            headers[key] = StringValues.Concat(headers[key], value);
    }

    private static RpcMetadata MetadataOf(IHeaderDictionary headers)
    {
        RpcMetadata? metadata = null;
        foreach ((string key, StringValues values) in headers)
        {
            if (!RpcMetadata.IsCustom(key))
                continue;
            metadata ??= new RpcMetadata();
            foreach (string? value in values)
                metadata.Append(key.ToLowerInvariant(), value ?? "");
        }
        return metadata ?? RpcMetadata.Empty;
    }

    private static IPEndPoint EndPoint(IPAddress? address, int port) => address switch
    {
        null => new IPEndPoint(IPAddress.None, 0),
        { IsIPv4MappedToIPv6: true } => new IPEndPoint(address.MapToIPv4(), port),
        _ => new IPEndPoint(address, port),
    };
}
