using System.Net;
using System.Net.Sockets;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Tests.Support;
using GaleLb.Rpc.V1;
using GaleLb.Testing;
using static GaleLb.Rpc.Tests.Support.EchoServer;

namespace GaleLb.Rpc.Tests.Client;

/// <summary>How calls end that do not end well, seen from the client.</summary>
public sealed class CallEndsTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Unary_HandlerThrowsStatus_ArrivesWithMessageAndTrailers()
    {
        await using RpcServer server = await StartAsync(s => s.MapUnary(Echo.Unary, (_, context) =>
        {
            context.ResponseTrailers.Add("retry-after", "3");
            context.ResponseTrailers.Add("detail-bin", [0, 255, 7]);
            throw new RpcException(StatusCode.FailedPrecondition, "100 % größer\nals λ");
        }));
        using RpcChannel channel = ChannelTo(server);

        RpcException e = await FailureOf(channel.UnaryAsync(Echo.Unary, Request("x")));

        e.Status.Should().Be(new RpcStatus(StatusCode.FailedPrecondition, "100 % größer\nals λ"));
        e.Trailers.GetValue("retry-after").Should().Be("3");
        e.Trailers.GetBytes("detail-bin").Should().Equal(0, 255, 7);
    }

    [Fact]
    public async Task Unary_HandlerFails_IsUnknownWithoutItsInsides()
    {
        await using RpcServer server = await StartAsync(s => s.MapUnary(Echo.Unary, (_, _) => throw new InvalidDataException("secret path")));
        using RpcChannel channel = ChannelTo(server);

        RpcException e = await FailureOf(channel.UnaryAsync(Echo.Unary, Request("x")));

        e.Code.Should().Be(StatusCode.Unknown);
        e.Message.Should().NotContain("secret");
    }

    [Fact]
    public async Task Unary_MethodNotMapped_IsUnimplemented()
    {
        await using RpcServer server = await StartAsync(_ => { });
        using RpcChannel channel = ChannelTo(server);

        RpcException e = await FailureOf(channel.UnaryAsync(Echo.Unary, Request("x")));

        e.Status.Should().Be(new RpcStatus(StatusCode.Unimplemented, "Method /galelb.test.Echo/Unary is not served here."));
    }

    [Fact]
    public async Task Unary_RequestBeyondTheLimit_IsResourceExhausted()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho(), new RpcServerOptions { EndPoints = [AnyPort], MessageBytesMax = 1000 });
        using RpcChannel channel = ChannelTo(server);

        RpcException e = await FailureOf(channel.UnaryAsync(Echo.Unary, Request(new string('x', 2_000_000))));

        e.Code.Should().Be(StatusCode.ResourceExhausted);
        e.Message.Should().Contain("1000");
        (await channel.UnaryAsync(Echo.Unary, Request("small"))).Index.Should().Be(5);
    }

    [Fact]
    public async Task Unary_ResponseBeyondTheLimit_IsResourceExhausted()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho());
        using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = server.EndPoints[0].Port, MessageBytesMax = 1000 });

        RpcException e = await FailureOf(channel.UnaryAsync(Echo.Unary, Request(new string('x', 5000))));

        e.Code.Should().Be(StatusCode.ResourceExhausted);
    }

    [Fact]
    public async Task Unary_NobodyListens_IsUnavailableWithTheRefusalAsCause()
    {
        int port = FreePort();
        using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = port });

        RpcException e = await FailureOf(channel.UnaryAsync(Echo.Unary, Request("x")));

        e.Code.Should().Be(StatusCode.Unavailable);
        e.Message.Should().Contain($"127.0.0.1:{port}");
        Causes(e).OfType<SocketException>().Single().SocketErrorCode.Should().Be(SocketError.ConnectionRefused);
    }

    [Fact]
    public async Task Duplex_NobodyListens_WriteAndReadAreUnavailable()
    {
        using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = FreePort() });
        using DuplexCall<ProposeRequest, ProposeResponse> call = channel.Duplex(Echo.Converse);

        (await FailureOf(call.WriteAsync(Request("x")).AsTask())).Code.Should().Be(StatusCode.Unavailable);
        (await FailureOf(call.ReadAsync().AsTask())).Code.Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Unary_ServerSpeaksNoHttp2_IsUnavailable()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task accepted = Task.Run(async () =>
        {
            using Socket socket = await listener.AcceptSocketAsync();
            await socket.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        });
        using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port });

        RpcException e = await FailureOf(channel.UnaryAsync(Echo.Unary, Request("x")));
        await accepted;

        e.Code.Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Duplex_ServerConnectionLost_ReadIsUnavailable()
    {
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RpcServer server = await StartAsync(s => s.MapDuplex(Echo.Converse, async (_, _, context) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }));
        using CuttableProxy proxy = new(server.EndPoints[0]);
        using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = proxy.Port });
        using DuplexCall<ProposeRequest, ProposeResponse> call = channel.Duplex(Echo.Converse);
        Task<ProposeResponse?> read = call.ReadAsync().AsTask();
        await entered.Task.WaitAsync(Watchdog);

        proxy.Cut();

        (await FailureOf(read)).Code.Should().Be(StatusCode.Unavailable);
    }

    [Fact]
    public async Task Unary_CallerCancels_IsCancelledOnBothSides()
    {
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<bool> seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RpcServer server = await StartAsync(s => s.MapUnary(Echo.Unary, async (_, context) =>
        {
            entered.SetResult();
            await using CancellationTokenRegistration registration = context.CancellationToken.Register(() => seen.SetResult(true));
            await seen.Task;
            return new ProposeResponse();
        }));
        using RpcChannel channel = ChannelTo(server);
        using CancellationTokenSource cancel = new();
        Task<ProposeResponse> call = channel.UnaryAsync(Echo.Unary, Request("x"), new RpcCallOptions(CancellationToken: cancel.Token));
        await entered.Task.WaitAsync(Watchdog);

        await cancel.CancelAsync();

        (await FailureOf(call)).Code.Should().Be(StatusCode.Cancelled);
        (await seen.Task.WaitAsync(Watchdog)).Should().BeTrue();
    }

    [Fact]
    public async Task Duplex_Disposed_EndsTheHandlersStream()
    {
        TaskCompletionSource<Exception> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RpcServer server = await StartAsync(s => s.MapDuplex(Echo.Converse, async (requests, responses, _) =>
        {
            try
            {
                await foreach (ProposeRequest request in requests)
                    await responses.WriteAsync(Answer(request));
            }
            catch (Exception e)
            {
                ended.SetResult(e);
                throw;
            }
        }));
        using RpcChannel channel = ChannelTo(server);
        DuplexCall<ProposeRequest, ProposeResponse> call = channel.Duplex(Echo.Converse);
        await call.WriteAsync(Request("x"));
        await call.ReadAsync();

        call.Dispose();

        (await ended.Task.WaitAsync(Watchdog)).Should().Match(e => e is OperationCanceledException || e is IOException);
        (await FailureOf(call.ReadAsync().AsTask())).Code.Should().Be(StatusCode.Cancelled);
    }

    [Fact]
    public async Task Duplex_DisposedDuringARead_EndsTheReadAsCancelled()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho());
        using RpcChannel channel = ChannelTo(server);
        DuplexCall<ProposeRequest, ProposeResponse> call = channel.Duplex(Echo.Converse);
        await call.HeadersAsync();
        Task<ProposeResponse?> read = call.ReadAsync().AsTask();

        call.Dispose();

        (await FailureOf(read)).Code.Should().Be(StatusCode.Cancelled);
    }

    [Fact]
    public async Task Unary_ClientsDeadlinePasses_IsDeadlineExceeded()
    {
        ManualTime time = new();
        TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RpcServer server = await StartAsync(s => s.MapUnary(Echo.Unary, async (_, context) =>
        {
            entered.SetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return new ProposeResponse();
        }));
        using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = server.EndPoints[0].Port, Time = time });
        Task<ProposeResponse> call = channel.UnaryAsync(Echo.Unary, Request("x"), new RpcCallOptions(Timeout: TimeSpan.FromMinutes(1)));
        await entered.Task.WaitAsync(Watchdog);

        time.Advance(TimeSpan.FromMinutes(1));

        (await FailureOf(call)).Code.Should().Be(StatusCode.DeadlineExceeded);
    }

    [Fact]
    public async Task Unary_ServersDeadlinePasses_IsDeadlineExceeded()
    {
        ManualTime time = new();
        TaskCompletionSource<TimeSpan?> entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RpcServer server = await StartAsync(
            s => s.MapUnary(Echo.Unary, async (_, context) =>
            {
                entered.SetResult(context.Timeout);
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
                return new ProposeResponse();
            }),
            new RpcServerOptions { EndPoints = [AnyPort], Time = time });
        using RpcChannel channel = ChannelTo(server);
        Task<ProposeResponse> call = channel.UnaryAsync(Echo.Unary, Request("x"), new RpcCallOptions(Timeout: TimeSpan.FromMinutes(1)));
        (await entered.Task.WaitAsync(Watchdog)).Should().Be(TimeSpan.FromMinutes(1));

        time.Advance(TimeSpan.FromMinutes(1));

        RpcException e = await FailureOf(call);
        e.Status.Should().Be(new RpcStatus(StatusCode.DeadlineExceeded, "The deadline has passed."));
    }

    [Fact]
    public async Task ClientStreaming_ServerEndsFirst_WriteThrowsItsStatus()
    {
        await using RpcServer server = await StartAsync(s => s.MapClientStreaming(Echo.Collect, (_, _) => throw new RpcException(StatusCode.PermissionDenied, "not you")));
        using RpcChannel channel = ChannelTo(server);
        using ClientStreamingCall<ProposeRequest, ProposeResponse> call = channel.ClientStreaming(Echo.Collect);
        (await call.Status.WaitAsync(Watchdog)).Code.Should().Be(StatusCode.PermissionDenied);

        RpcException e = await FailureOf(call.WriteAsync(Request("late")).AsTask());

        e.Status.Should().Be(new RpcStatus(StatusCode.PermissionDenied, "not you"));
        (await FailureOf(call.Response)).Code.Should().Be(StatusCode.PermissionDenied);
    }

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.Ok)]
    public async Task Duplex_ServerEndsWhileAWriteWaitsForRoom_TheWriteEndsToo(StatusCode ending)
    {
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RpcServer server = await StartAsync(s => s.MapDuplex(Echo.Converse, async (_, _, _) =>
        {
            await release.Task;
            if (ending != StatusCode.Ok)
                throw new RpcException(ending, "stopping");
        }));
        using RpcChannel channel = ChannelTo(server);
        using DuplexCall<ProposeRequest, ProposeResponse> call = channel.Duplex(Echo.Converse);
        // More than the server's window: nobody reads, so that it cannot be sent.
        Task write = call.WriteAsync(Request(new string('x', 3_000_000))).AsTask();
        await call.HeadersAsync();
        write.IsCompleted.Should().BeFalse();

        release.SetResult();
        await call.Invoking(c => c.ReadAsync().AsTask().WaitAsync(Watchdog)).Should().NotThrowAsync<TimeoutException>();

        (await FailureOf(write)).Code.Should().Be(StatusCode.Unavailable);
        (await call.Status).Code.Should().Be(ending);
    }

    [Fact]
    public async Task Unary_FromASourceAddress_IsSeenFromThere()
    {
        IPEndPoint? remote = null;
        await using RpcServer server = await StartAsync(s => s.MapUnary(Echo.Unary, (_, context) =>
        {
            remote = context.RemoteEndPoint;
            return ValueTask.FromResult(new ProposeResponse());
        }));
        using RpcChannel channel = new(new RpcChannelOptions { Host = "127.0.0.1", Port = server.EndPoints[0].Port, SourceAddress = IPAddress.Parse("127.0.0.9") });

        await channel.UnaryAsync(Echo.Unary, Request("x"));

        remote!.Address.Should().Be(IPAddress.Parse("127.0.0.9"));
    }

    [Fact]
    public async Task Unary_ByHostName_ReachesTheServer()
    {
        await using RpcServer server = await StartAsync(s => s.MapEcho());
        using RpcChannel channel = new(new RpcChannelOptions { Host = "localhost", Port = server.EndPoints[0].Port });

        (await channel.UnaryAsync(Echo.Unary, Request("abc"))).Index.Should().Be(3);
    }

    internal static async Task<RpcException> FailureOf(Task call)
    {
        Func<Task> act = () => call.WaitAsync(Watchdog);
        return (await act.Should().ThrowAsync<RpcException>()).Which;
    }

    private static IEnumerable<Exception> Causes(Exception e)
    {
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
            yield return cause;
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
