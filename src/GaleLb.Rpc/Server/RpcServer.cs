using System.Net;
using System.Net.Security;
using GaleLb.Rpc.Security;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GaleLb.Rpc.Server;

/// <summary>One port of gRPC on bare Kestrel, HTTP/2 only.</summary>
/// <remarks>Map the methods, then start. It installs no signal handlers and reads no configuration: its owner starts and stops it.</remarks>
public sealed class RpcServer : IAsyncDisposable
{
    private readonly Dictionary<string, ServerMethod> _methods = new(StringComparer.Ordinal);
    private readonly RpcServerOptions _options;
    private WebApplication? _application;

    public RpcServer(RpcServerOptions options)
    {
        if (options.EndPoints.Count == 0)
            throw new ArgumentException("A server needs an address to listen on.", nameof(options));
        _options = options;
    }

    /// <summary>Where it listens, with the ports it was given.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints { get; private set; } = [];

    public RpcServer MapUnary<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, UnaryHandler<TRequest, TResponse> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Map(method, MethodShape.Unary, new UnaryServerMethod<TRequest, TResponse>(method, handler));

    public RpcServer MapClientStreaming<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, ClientStreamingHandler<TRequest, TResponse> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Map(method, MethodShape.ClientStreaming, new ClientStreamingServerMethod<TRequest, TResponse>(method, handler));

    public RpcServer MapServerStreaming<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, ServerStreamingHandler<TRequest, TResponse> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Map(method, MethodShape.ServerStreaming, new ServerStreamingServerMethod<TRequest, TResponse>(method, handler));

    public RpcServer MapDuplex<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, DuplexHandler<TRequest, TResponse> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Map(method, MethodShape.Duplex, new DuplexServerMethod<TRequest, TResponse>(method, handler));

    /// <exception cref="IOException">A port is in use or an address is not this machine's.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (_application is not null)
            throw new InvalidOperationException("The server has been started.");
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(_options.Logging);
        builder.Services.AddSingleton<IHostLifetime, OwnerLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = _options.StopTimeout);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(Configure);
        WebApplication application = builder.Build();
        ServerDispatcher dispatcher = new(_methods, _options, application.Lifetime.ApplicationStopping);
        application.Run(dispatcher.DispatchAsync);
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        _application = application;
        EndPoints = [.. application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>()
            .Addresses.Select(address => IPEndPoint.Parse(new Uri(address).Authority))];
    }

    /// <summary>Ends streams with UNAVAILABLE, lets unary calls finish, and closes the connections.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => _application?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _application, null) is not { } application)
            return;
        await application.StopAsync();
        await application.DisposeAsync();
    }

    private RpcServer Map<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, MethodShape shape, ServerMethod served)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        if (method.Shape != shape)
            throw new ArgumentException($"{method} is {method.Shape}, not {shape}.", nameof(method));
        if (_application is not null)
            throw new InvalidOperationException("Methods are mapped before the start.");
        if (!_methods.TryAdd(method.Path, served))
            throw new ArgumentException($"{method} is mapped already.", nameof(method));
        return this;
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = _options.ConnectionsMax;
        // A stream may be silent between heartbeats and last for weeks.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.MaxRequestBodySize = null;
        limits.Http2.MaxStreamsPerConnection = _options.StreamsPerConnectionMax;
        limits.Http2.KeepAlivePingDelay = _options.KeepAliveInterval;
        limits.Http2.KeepAlivePingTimeout = _options.KeepAliveTimeout;
        foreach (IPEndPoint endPoint in _options.EndPoints)
            kestrel.Listen(endPoint, Configure);
    }

    private void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http2;
        if (_options.Tls is { } tls)
            listen.UseTls(tls, SslApplicationProtocol.Http2, required: true, _options.TlsRefused);
    }

    /// <summary>No signals, no waiting: the process belongs to the executable.</summary>
    private sealed class OwnerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
