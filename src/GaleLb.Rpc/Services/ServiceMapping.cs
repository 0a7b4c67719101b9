using GaleLb.Rpc.Health;
using GaleLb.Rpc.Server;

namespace GaleLb.Rpc.Services;

/// <summary>Maps whole services onto a server.</summary>
public static class ServiceMapping
{
    public static RpcServer MapNodeService(this RpcServer server, INodeService service) => server
        .MapUnary(NodeServiceMethods.GetConfig, service.GetConfigAsync)
        .MapDuplex(NodeServiceMethods.Heartbeat, service.HeartbeatAsync);

    public static RpcServer MapPeerService(this RpcServer server, IPeerService service) => server
        .MapUnary(PeerServiceMethods.Introduce, service.IntroduceAsync)
        .MapClientStreaming(PeerServiceMethods.Exchange, service.ExchangeAsync)
        .MapUnary(PeerServiceMethods.Propose, service.ProposeAsync)
        .MapUnary(PeerServiceMethods.ChangeMembers, service.ChangeMembersAsync)
        .MapDuplex(PeerServiceMethods.Observe, service.ObserveAsync)
        .MapUnary(PeerServiceMethods.LastHeard, service.LastHeardAsync);

    public static RpcServer MapHealthService(this RpcServer server, HealthService service) => server
        .MapUnary(HealthService.CheckMethod, service.CheckAsync)
        .MapServerStreaming(HealthService.WatchMethod, service.WatchAsync);
}
