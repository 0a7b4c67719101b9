using Google.Protobuf;

namespace GaleLb.Rpc.Server;

internal sealed class UnaryServerMethod<TRequest, TResponse>(RpcMethod<TRequest, TResponse> method, UnaryHandler<TRequest, TResponse> handler) : ServerMethod
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    public override bool IsStreaming => false;

    public override async Task InvokeAsync(ServerCall call)
    {
        TRequest request = await ReadOneAsync(call, method.RequestParser);
        // Left unflushed: headers, message and trailers go out together.
        call.Write(await handler(request, call.Context));
    }
}
