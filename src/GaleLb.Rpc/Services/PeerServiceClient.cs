using GaleLb.Rpc.Client;
using GaleLb.Rpc.V1;

namespace GaleLb.Rpc.Services;

/// <summary>A replica's side of <c>galelb.v1.PeerService</c> towards one peer.</summary>
public sealed class PeerServiceClient(RpcChannel channel)
{
    /// <exception cref="RpcException">The call did not end with Ok.</exception>
    public Task<Introduction> IntroduceAsync(Introduction request, RpcCallOptions options = default) =>
        channel.UnaryAsync(PeerServiceMethods.Introduce, request, options);

    public ClientStreamingCall<RaftFrame, ExchangeSummary> Exchange(RpcCallOptions options = default) =>
        channel.ClientStreaming(PeerServiceMethods.Exchange, options);

    /// <exception cref="RpcException">The call did not end with Ok.</exception>
    public Task<ProposeResponse> ProposeAsync(ProposeRequest request, RpcCallOptions options = default) =>
        channel.UnaryAsync(PeerServiceMethods.Propose, request, options);

    /// <exception cref="RpcException">The call did not end with Ok.</exception>
    public Task<ProposeResponse> ChangeMembersAsync(MembersRequest request, RpcCallOptions options = default) =>
        channel.UnaryAsync(PeerServiceMethods.ChangeMembers, request, options);

    public DuplexCall<ObservationBatch, ObservationAnswers> Observe(RpcCallOptions options = default) =>
        channel.Duplex(PeerServiceMethods.Observe, options);

    /// <exception cref="RpcException">The call did not end with Ok.</exception>
    public Task<LastHeardResponse> LastHeardAsync(LastHeardRequest request, RpcCallOptions options = default) =>
        channel.UnaryAsync(PeerServiceMethods.LastHeard, request, options);
}
