using GaleLb.Rpc.V1;

namespace GaleLb.Rpc.Services;

/// <summary>The methods of <c>galelb.v1.PeerService</c>, for both sides.</summary>
public static class PeerServiceMethods
{
    public const string Service = "galelb.v1.PeerService";

    public static RpcMethod<Introduction, Introduction> Introduce { get; } =
        new(Service, "Introduce", MethodShape.Unary, Introduction.Parser, Introduction.Parser);

    public static RpcMethod<RaftFrame, ExchangeSummary> Exchange { get; } =
        new(Service, "Exchange", MethodShape.ClientStreaming, RaftFrame.Parser, ExchangeSummary.Parser);

    public static RpcMethod<ProposeRequest, ProposeResponse> Propose { get; } =
        new(Service, "Propose", MethodShape.Unary, ProposeRequest.Parser, ProposeResponse.Parser);

    public static RpcMethod<MembersRequest, ProposeResponse> ChangeMembers { get; } =
        new(Service, "ChangeMembers", MethodShape.Unary, MembersRequest.Parser, ProposeResponse.Parser);

    public static RpcMethod<ObservationBatch, ObservationAnswers> Observe { get; } =
        new(Service, "Observe", MethodShape.Duplex, ObservationBatch.Parser, ObservationAnswers.Parser);

    public static RpcMethod<LastHeardRequest, LastHeardResponse> LastHeard { get; } =
        new(Service, "LastHeard", MethodShape.Unary, LastHeardRequest.Parser, LastHeardResponse.Parser);
}
