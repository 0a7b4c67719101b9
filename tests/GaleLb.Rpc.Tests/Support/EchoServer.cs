using System.Net;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.V1;
using Google.Protobuf;

namespace GaleLb.Rpc.Tests.Support;

/// <summary>The echo service of <see cref="Echo"/> behaving well, on a free loopback port.</summary>
public static class EchoServer
{
    public static readonly IPEndPoint AnyPort = new(IPAddress.Loopback, 0);

    public static RpcServer MapEcho(this RpcServer server) => server
        .MapUnary(Echo.Unary, (request, _) => ValueTask.FromResult(Answer(request)))
        .MapClientStreaming(Echo.Collect, CollectAsync)
        .MapServerStreaming(Echo.Spread, SpreadAsync)
        .MapDuplex(Echo.Converse, ConverseAsync);

    public static ProposeResponse Answer(ProposeRequest request) => new() { Index = (ulong)request.Command.Length, Result = request.Command };

    public static ProposeRequest Request(string command) => new() { Command = ByteString.CopyFromUtf8(command) };

    /// <summary>Starts a server with what <paramref name="map"/> maps.</summary>
    public static async Task<RpcServer> StartAsync(Action<RpcServer> map, RpcServerOptions? options = null)
    {
        RpcServer server = new(options ?? new RpcServerOptions { EndPoints = [AnyPort] });
        map(server);
        await server.StartAsync();
        return server;
    }

    public static RpcChannel ChannelTo(RpcServer server) => ChannelTo(server.EndPoints[0].Port);

    public static RpcChannel ChannelTo(int port) => new(new RpcChannelOptions { Host = "127.0.0.1", Port = port });

    private static async Task<ProposeResponse> CollectAsync(IAsyncEnumerable<ProposeRequest> requests, RpcServerContext context)
    {
        using MemoryStream all = new();
        ulong count = 0;
        await foreach (ProposeRequest request in requests)
        {
            count++;
            request.Command.WriteTo(all);
        }
        return new ProposeResponse { Index = count, Result = ByteString.CopyFrom(all.ToArray()) };
    }

    private static async Task SpreadAsync(ProposeRequest request, IRpcStreamWriter<ProposeResponse> responses, RpcServerContext context)
    {
        for (int i = 0; i < request.Command.Length; i++)
            await responses.WriteAsync(new ProposeResponse { Index = (ulong)i, Result = ByteString.CopyFrom(request.Command.Span.Slice(i, 1)) });
    }

    private static async Task ConverseAsync(IAsyncEnumerable<ProposeRequest> requests, IRpcStreamWriter<ProposeResponse> responses, RpcServerContext context)
    {
        await foreach (ProposeRequest request in requests)
            await responses.WriteAsync(Answer(request));
    }
}
