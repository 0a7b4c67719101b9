using GaleLb.Rpc.V1;

namespace GaleLb.Rpc.Services;

/// <summary>The methods of <c>galelb.v1.NodeService</c>, for both sides.</summary>
public static class NodeServiceMethods
{
    public const string Service = "galelb.v1.NodeService";

    public static RpcMethod<GetConfigRequest, GetConfigResponse> GetConfig { get; } =
        new(Service, "GetConfig", MethodShape.Unary, GetConfigRequest.Parser, GetConfigResponse.Parser);

    public static RpcMethod<HeartbeatRequest, HeartbeatResponse> Heartbeat { get; } =
        new(Service, "Heartbeat", MethodShape.Duplex, HeartbeatRequest.Parser, HeartbeatResponse.Parser);
}
