using System.Net.Security;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Rpc.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>The REST port: HTTP/1.1 on bare Kestrel, access judged first, every failure a problem document.</summary>
internal static class ApiServer
{
    public static WebApplication Build(
        IReadOnlyList<ApiListener> listeners, Refusals refusals, ApiAccess access, ReadApi reads, OrderApi orders, PacketApi packets,
        HistoryApi history, TraceApi trace, ILoggerFactory logging)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logging);
        builder.Services.AddSingleton<IHostLifetime, OwnerLifetime>();
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, RestJson.Default));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 1024;
            kestrel.Limits.MaxRequestBodySize = RequestBody.BytesMax;
            foreach (ApiListener listener in listeners)
            {
                kestrel.Listen(listener.EndPoint, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    if (listener.Tls is { } tls)
                        listen.UseTls(tls, SslApplicationProtocol.Http11, required: false, refusals.OfHandshakes(ListenerKind.Api));
                });
            }
        });
        WebApplication application = builder.Build();
        ILogger log = logging.CreateLogger("gale-lb.rest");
        application.Use(async (context, next) =>
        {
            if (access.Refuse(context.Request) is { } refusal)
            {
                await refusal.ExecuteAsync(context);
                return;
            }
            await AnswerAsync(context, next, log);
        });
        application.UseRouting();
        reads.Map(application);
        orders.Map(application);
        packets.Map(application);
        history.Map(application);
        trace.Map(application);
        application.UseEndpoints(_ => { });
        return application;
    }

    private static async Task AnswerAsync(HttpContext context, RequestDelegate next, ILogger log)
    {
        try
        {
            await next(context);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            await new Problem(error.StatusCode, "Bad request", error.Message).ExecuteAsync(context);
            return;
        }
        catch (Exception error) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            log.LogError(error, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
            await new Problem(StatusCodes.Status500InternalServerError, "Internal error", "The request failed; the log of this replica tells why.")
                .ExecuteAsync(context);
            return;
        }
        if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed })
        {
            bool found = context.Response.StatusCode == StatusCodes.Status405MethodNotAllowed;
            await new Problem(
                context.Response.StatusCode, found ? "Method not allowed" : "Not found",
                found ? $"{context.Request.Path} does not take {context.Request.Method}." : $"There is no {context.Request.Path}.")
                .ExecuteAsync(context);
        }
    }

    /// <summary>No signals, no waiting: the process belongs to <see cref="LoadBalancerHost"/>.</summary>
    private sealed class OwnerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
