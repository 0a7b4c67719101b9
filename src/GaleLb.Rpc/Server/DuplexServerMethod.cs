using Google.Protobuf;

namespace GaleLb.Rpc.Server;

internal sealed class DuplexServerMethod<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, DuplexHandler<TRequest, TResponse> handler) : ServerMethod
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    public override bool IsStreaming => true;

    public override async Task InvokeAsync(ServerCall call)
    {
        await call.StartResponseAsync();
        await handler(new ServerStreamReader<TRequest>(call, method.RequestParser), new ServerStreamWriter<TResponse>(call), call.Context);
    }
}
