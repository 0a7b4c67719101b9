using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using GaleLb.Rpc.Framing;
using Google.Protobuf;

namespace GaleLb.Rpc.Client;

/// <summary>Connections to one server, made when first needed and again after a loss. Thread-safe.</summary>
/// <remarks>It does not retry: a call that fails says so at once, with UNAVAILABLE when the server was not reached.</remarks>
public sealed class RpcChannel : IDisposable
{
    private static readonly MediaTypeHeaderValue ContentType = new(Protocol.ContentType);
    private readonly RpcChannelOptions _options;
    private readonly HttpMessageInvoker _invoker;
    private readonly Uri _base;

    public RpcChannel(RpcChannelOptions options)
    {
        _options = options;
        _base = new UriBuilder(options.Tls is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps, options.Host, options.Port).Uri;
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            KeepAlivePingDelay = options.KeepAliveInterval,
            KeepAlivePingTimeout = options.KeepAliveTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ConnectCallback = ConnectAsync,
        });
    }

    /// <summary>"host:port", for messages.</summary>
    public string Target => _base.Authority;

    /// <summary>This machine's side of the last connection made; null before the first.</summary>
    public IPEndPoint? LocalEndPoint { get; private set; }

    internal TimeProvider Time => _options.Time;

    internal int MessageBytesMax => _options.MessageBytesMax;

    /// <exception cref="RpcException">The call did not end with Ok.</exception>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, TRequest request, RpcCallOptions options = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        using UnaryCall<TResponse> call = Unary(method, request, options);
        return await call.Response;
    }

    public UnaryCall<TResponse> Unary<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, TRequest request, RpcCallOptions options = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        new(Start(method, MethodShape.Unary, new SingleMessageContent(request), options));

    public ServerStreamingCall<TResponse> ServerStreaming<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, TRequest request, RpcCallOptions options = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        new(Start(method, MethodShape.ServerStreaming, new SingleMessageContent(request), options));

    public ClientStreamingCall<TRequest, TResponse> ClientStreaming<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, RpcCallOptions options = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        MessageStreamContent content = new();
        return new(Start(method, MethodShape.ClientStreaming, content, options), content);
    }

    public DuplexCall<TRequest, TResponse> Duplex<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, RpcCallOptions options = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        MessageStreamContent content = new();
        return new(Start(method, MethodShape.Duplex, content, options), content);
    }

    /// <summary>Closes the connections; calls in progress end with UNAVAILABLE or CANCELLED.</summary>
    public void Dispose() => _invoker.Dispose();

    private ClientCall<TResponse> Start<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, MethodShape shape, HttpContent content, RpcCallOptions options)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        if (method.Shape != shape)
            throw new ArgumentException($"{method} is {method.Shape}, not {shape}.", nameof(method));
        content.Headers.ContentType = ContentType;
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(_base, method.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        request.Headers.TryAddWithoutValidation("user-agent", "galelb-rpc");
        if (options.Timeout is { } timeout)
            request.Headers.TryAddWithoutValidation(Protocol.Timeout, Framing.Timeout.Encode(timeout));
        foreach ((string key, string value) in options.Metadata ?? RpcMetadata.Empty)
            request.Headers.TryAddWithoutValidation(key, value);
        return new ClientCall<TResponse>(this, _invoker, request, method.ResponseParser, options);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        Stream stream = new NetworkStream(await ConnectSocketAsync(context.DnsEndPoint, cancellationToken), ownsSocket: true);
        if (_options.Tls is not { } tls)
            return stream;
        // Done here, not by the handler, so that renewed certificates count from the next connection on.
        SslStream secure = new(stream);
        try
        {
            await secure.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = _options.Host,
                    ClientCertificateContext = tls.CertificateContext,
                    EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    ApplicationProtocols = [SslApplicationProtocol.Http2],
                    RemoteCertificateValidationCallback = tls.ValidateServer,
                },
                cancellationToken);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    private async ValueTask<Socket> ConnectSocketAsync(DnsEndPoint target, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = IPAddress.TryParse(_options.Host, out IPAddress? literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(_options.Host, _options.SourceAddress?.AddressFamily ?? AddressFamily.Unspecified, cancellationToken);
        Exception? failure = null;
        foreach (IPAddress address in addresses)
        {
            Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                if (_options.SourceAddress is { } source)
                    socket.Bind(new IPEndPoint(source, 0));
                await socket.ConnectAsync(new IPEndPoint(address, target.Port), cancellationToken);
                LocalEndPoint = (IPEndPoint?)socket.LocalEndPoint;
                return socket;
            }
            catch (Exception e)
            {
                socket.Dispose();
                if (e is not SocketException)
                    throw;
                failure = e;
            }
        }
        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }
}
