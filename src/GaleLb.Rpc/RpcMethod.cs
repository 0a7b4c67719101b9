using Google.Protobuf;

namespace GaleLb.Rpc;

/// <summary>Which side of a method is a stream.</summary>
public enum MethodShape
{
    Unary,
    ClientStreaming,
    ServerStreaming,
    Duplex,
}

/// <summary>One method of a service: its path, its shape and how its messages are read.</summary>
public sealed class RpcMethod<TRequest, TResponse>(
    string service,
    string name,
    MethodShape shape,
    MessageParser<TRequest> requestParser,
    MessageParser<TResponse> responseParser)
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    public MethodShape Shape { get; } = shape;

    /// <summary>The request path: <c>/package.Service/Method</c>.</summary>
    public string Path { get; } = $"/{service}/{name}";

    internal MessageParser<TRequest> RequestParser { get; } = requestParser;

    internal MessageParser<TResponse> ResponseParser { get; } = responseParser;

    public override string ToString() => Path;
}
