using Google.Protobuf;

namespace GaleLb.Rpc.Server;

internal sealed class ServerStreamingServerMethod<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, ServerStreamingHandler<TRequest, TResponse> handler) : ServerMethod
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    public override bool IsStreaming => true;

    public override async Task InvokeAsync(ServerCall call)
    {
        TRequest request = await ReadOneAsync(call, method.RequestParser);
        await call.StartResponseAsync();
        await handler(request, new ServerStreamWriter<TResponse>(call), call.Context);
    }
}
