using GaleLb.Rpc.Server;
using GaleLb.Rpc.V1;

namespace GaleLb.Rpc.Services;

/// <summary>What a replica does for its nodes.</summary>
public interface INodeService
{
    ValueTask<GetConfigResponse> GetConfigAsync(GetConfigRequest request, RpcServerContext context);

    /// <summary>One node's stream. Ends well when the node ends it; with UNAVAILABLE when this replica cannot serve nodes any more.</summary>
    Task HeartbeatAsync(IAsyncEnumerable<HeartbeatRequest> requests, IRpcStreamWriter<HeartbeatResponse> responses, RpcServerContext context);
}
