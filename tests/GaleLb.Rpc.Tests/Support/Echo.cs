using GaleLb.Rpc.V1;

namespace GaleLb.Rpc.Tests.Support;

/// <summary>A service of one method for each shape; the Python peer serves and calls the same ones.</summary>
public static class Echo
{
    public const string Service = "galelb.test.Echo";

    public static RpcMethod<ProposeRequest, ProposeResponse> Unary { get; } =
        new(Service, "Unary", MethodShape.Unary, ProposeRequest.Parser, ProposeResponse.Parser);

    /// <summary>Answers the number of messages and the bytes of all, joined.</summary>
    public static RpcMethod<ProposeRequest, ProposeResponse> Collect { get; } =
        new(Service, "Collect", MethodShape.ClientStreaming, ProposeRequest.Parser, ProposeResponse.Parser);

    /// <summary>Answers each byte of the command in a message of its own.</summary>
    public static RpcMethod<ProposeRequest, ProposeResponse> Spread { get; } =
        new(Service, "Spread", MethodShape.ServerStreaming, ProposeRequest.Parser, ProposeResponse.Parser);

    /// <summary>Answers each message.</summary>
    public static RpcMethod<ProposeRequest, ProposeResponse> Converse { get; } =
        new(Service, "Converse", MethodShape.Duplex, ProposeRequest.Parser, ProposeResponse.Parser);
}
