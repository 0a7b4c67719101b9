using Google.Protobuf;

namespace GaleLb.Rpc.Server;

internal sealed class ClientStreamingServerMethod<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, ClientStreamingHandler<TRequest, TResponse> handler) : ServerMethod
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    public override bool IsStreaming => true;

    public override async Task InvokeAsync(ServerCall call)
    {
        TResponse response = await handler(new ServerStreamReader<TRequest>(call, method.RequestParser), call.Context);
        call.Write(response);
    }
}
