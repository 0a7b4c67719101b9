using Google.Protobuf;

namespace GaleLb.Rpc.Client;

/// <summary>One message out, one in.</summary>
public sealed class UnaryCall<TResponse> : RpcCall<TResponse>
    where TResponse : class, IMessage<TResponse>
{
    internal UnaryCall(ClientCall<TResponse> call)
        : base(call) => Response = call.ReadOneAsync();

    /// <summary>Faults with <see cref="RpcException"/> unless the call ends with Ok.</summary>
    public Task<TResponse> Response { get; }
}
