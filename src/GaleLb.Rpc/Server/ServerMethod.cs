using GaleLb.Rpc.Framing;
using Google.Protobuf;

namespace GaleLb.Rpc.Server;

/// <summary>A mapped method: reads what its shape demands, calls the handler, writes what it answers.</summary>
internal abstract class ServerMethod
{
    public abstract bool IsStreaming { get; }

    public abstract Task InvokeAsync(ServerCall call);

    /// <summary>The one request of a method without a request stream.</summary>
    protected static async ValueTask<T> ReadOneAsync<T>(ServerCall call, MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        MessageReader<T> reader = call.Reader(parser);
        T request = await reader.ReadAsync(call.Context.CancellationToken) ?? throw Cardinality("none");
        if (await reader.ReadAsync(call.Context.CancellationToken) is not null)
            throw Cardinality("more");
        return request;

        RpcException Cardinality(string sent) => new(StatusCode.Unimplemented, $"{call.Context.Method} takes one message; the caller sent {sent}.");
    }
}
