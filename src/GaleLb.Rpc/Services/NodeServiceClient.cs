using GaleLb.Rpc.Client;
using GaleLb.Rpc.V1;

namespace GaleLb.Rpc.Services;

/// <summary>A node's side of <c>galelb.v1.NodeService</c>.</summary>
public sealed class NodeServiceClient(RpcChannel channel)
{
    /// <exception cref="RpcException">The call did not end with Ok.</exception>
    public Task<GetConfigResponse> GetConfigAsync(GetConfigRequest request, RpcCallOptions options = default) =>
        channel.UnaryAsync(NodeServiceMethods.GetConfig, request, options);

    public DuplexCall<HeartbeatRequest, HeartbeatResponse> Heartbeat(RpcCallOptions options = default) =>
        channel.Duplex(NodeServiceMethods.Heartbeat, options);
}
