using System.Net;
using System.Net.Sockets;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Tests.Support;
using GaleLb.Rpc.V1;
using static GaleLb.Rpc.Tests.Client.CallEndsTests;
using static GaleLb.Rpc.Tests.Support.EchoServer;

namespace GaleLb.Rpc.Tests.Server;

public sealed class RpcServerTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task StopAsync_WithAnOpenStream_EndsItUnavailableAndDoesNotWait()
    {
        RpcServer server = await StartAsync(s => s.MapEcho(), new RpcServerOptions { EndPoints = [AnyPort], StopTimeout = TimeSpan.FromMinutes(10) });
        using RpcChannel channel = ChannelTo(server);
        using DuplexCall<ProposeRequest, ProposeResponse> call = channel.Duplex(Echo.Converse);
        await call.WriteAsync(Request("x"));
        await call.ReadAsync();
        Task<ProposeResponse?> read = call.ReadAsync().AsTask();

        await server.StopAsync().WaitAsync(Watchdog);

        (await FailureOf(read)).Status.Should().Be(new RpcStatus(StatusCode.Unavailable, "The server is stopping."));
        await server.DisposeAsync();
    }

    [Fact]
    public async Task StopAsync_DuringAUnaryCall_LetsItFinish()
    {
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RpcServer server = await StartAsync(s => s.MapUnary(Echo.Unary, async (request, _) =>
        {
            entered.SetResult();
            await release.Task;
            return Answer(request);
        }));
        using RpcChannel channel = ChannelTo(server);
        Task<ProposeResponse> call = channel.UnaryAsync(Echo.Unary, Request("abc"));
        await entered.Task.WaitAsync(Watchdog);

        Task stop = server.StopAsync();
        release.SetResult();

        (await call.WaitAsync(Watchdog)).Index.Should().Be(3);
        await stop.WaitAsync(Watchdog);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Authorize_Refusing_EndsTheCallBeforeTheHandler()
    {
        bool called = false;
        RpcServerContext? judged = null;
        await using RpcServer server = await StartAsync(
            s => s.MapUnary(Echo.Unary, (_, _) =>
            {
                called = true;
                return ValueTask.FromResult(new ProposeResponse());
            }),
            new RpcServerOptions
            {
                EndPoints = [AnyPort],
                Authorize = context =>
                {
                    judged = context;
                    return new RpcStatus(StatusCode.PermissionDenied, "127.0.0.1 is not in allowed_nodes");
                },
            });
        using RpcChannel channel = ChannelTo(server);
        RpcMetadata metadata = new();
        metadata.Add("authorization", "Bearer abc");

        RpcException e = await FailureOf(channel.UnaryAsync(Echo.Unary, Request("x"), new RpcCallOptions(Metadata: metadata)));

        e.Status.Should().Be(new RpcStatus(StatusCode.PermissionDenied, "127.0.0.1 is not in allowed_nodes"));
        called.Should().BeFalse();
        judged!.Method.Should().Be("/galelb.test.Echo/Unary");
        judged.RemoteEndPoint.Address.Should().Be(IPAddress.Loopback);
        judged.LocalEndPoint.Should().Be(server.EndPoints[0]);
        judged.RequestMetadata.GetValue("authorization").Should().Be("Bearer abc");
    }

    [Fact]
    public async Task CallsMax_Reached_FurtherCallsAreResourceExhausted()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho(), new RpcServerOptions { EndPoints = [AnyPort], CallsMax = 1 });
        using RpcChannel channel = ChannelTo(server);
        using (DuplexCall<ProposeRequest, ProposeResponse> call = channel.Duplex(Echo.Converse))
        {
            await call.HeadersAsync();
            (await FailureOf(channel.UnaryAsync(Echo.Unary, Request("x")))).Code.Should().Be(StatusCode.ResourceExhausted);
            await call.CompleteAsync();
            (await call.ReadAsync()).Should().BeNull();
        }
    }

    [Fact]
    public async Task ConnectionsMax_Reached_FurtherConnectionsAreClosed()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho(), new RpcServerOptions { EndPoints = [AnyPort], ConnectionsMax = 1 });
        using RpcChannel first = ChannelTo(server);
        using RpcChannel second = ChannelTo(server);
        using DuplexCall<ProposeRequest, ProposeResponse> call = first.Duplex(Echo.Converse);
        await call.HeadersAsync();

        (await FailureOf(second.UnaryAsync(Echo.Unary, Request("x")))).Code.Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task StreamsPerConnectionMax_Reached_ClientOpensAnotherConnection()
    {
        HashSet<int> ports = [];
        await using RpcServer server = await StartAsync(
            s => s.MapDuplex(Echo.Converse, async (requests, responses, context) =>
            {
                lock (ports)
                    ports.Add(context.RemoteEndPoint.Port);
                await foreach (ProposeRequest request in requests)
                    await responses.WriteAsync(Answer(request));
            }),
            new RpcServerOptions { EndPoints = [AnyPort], StreamsPerConnectionMax = 1 });
        using RpcChannel channel = ChannelTo(server);
        using DuplexCall<ProposeRequest, ProposeResponse> first = channel.Duplex(Echo.Converse);
        await first.HeadersAsync();
        using DuplexCall<ProposeRequest, ProposeResponse> second = channel.Duplex(Echo.Converse);
        await second.HeadersAsync().WaitAsync(Watchdog);

        ports.Should().HaveCount(2);
    }

    [Fact]
    public async Task StartAsync_PortInUse_ThrowsAndNamesIt()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        IPEndPoint endPoint = (IPEndPoint)taken.LocalEndpoint;
        await using RpcServer server = new(new RpcServerOptions { EndPoints = [endPoint] });

        Func<Task> start = () => server.StartAsync();

        (await start.Should().ThrowAsync<IOException>()).Which.Message.Should().Contain(endPoint.ToString());
    }

    [Fact]
    public async Task StartAsync_TwoEndPoints_ServesOnBoth()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho(), new RpcServerOptions { EndPoints = [AnyPort, new IPEndPoint(IPAddress.IPv6Loopback, 0)] });

        server.EndPoints.Should().HaveCount(2);
        foreach (IPEndPoint endPoint in server.EndPoints)
        {
            using RpcChannel channel = new(new RpcChannelOptions { Host = endPoint.Address.ToString(), Port = endPoint.Port });
            (await channel.UnaryAsync(Echo.Unary, Request("abc"))).Index.Should().Be(3);
        }
    }

    [Fact]
    public void MapDuplex_OfAUnaryMethod_IsRefused()
    {
        RpcServer server = new(new RpcServerOptions { EndPoints = [AnyPort] });

        Action map = () => server.MapDuplex(Echo.Unary, (_, _, _) => Task.CompletedTask);

        map.Should().Throw<ArgumentException>().WithMessage("*/galelb.test.Echo/Unary*");
    }

    [Fact]
    public async Task WriteAsync_AfterTheCallerIsGone_Throws()
    {
        TaskCompletionSource<Exception> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RpcServer server = await StartAsync(s => s.MapServerStreaming(Echo.Spread, async (_, responses, _) =>
        {
            try
            {
                while (true)
                    await responses.WriteAsync(new ProposeResponse());
            }
            catch (Exception e)
            {
                ended.SetResult(e);
                throw;
            }
        }));
        using RpcChannel channel = ChannelTo(server);
        using (ServerStreamingCall<ProposeResponse> call = channel.ServerStreaming(Echo.Spread, Request("x")))
            await call.ReadAsync();

        (await ended.Task.WaitAsync(Watchdog)).Should().Match(e => e is OperationCanceledException || e is RpcException);
    }
}
