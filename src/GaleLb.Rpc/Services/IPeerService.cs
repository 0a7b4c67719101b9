using GaleLb.Rpc.Server;
using GaleLb.Rpc.V1;

namespace GaleLb.Rpc.Services;

/// <summary>What a replica does for its peers.</summary>
public interface IPeerService
{
    ValueTask<Introduction> IntroduceAsync(Introduction request, RpcServerContext context);

    Task<ExchangeSummary> ExchangeAsync(IAsyncEnumerable<RaftFrame> frames, RpcServerContext context);

    ValueTask<ProposeResponse> ProposeAsync(ProposeRequest request, RpcServerContext context);

    ValueTask<ProposeResponse> ChangeMembersAsync(MembersRequest request, RpcServerContext context);

    Task ObserveAsync(IAsyncEnumerable<ObservationBatch> batches, IRpcStreamWriter<ObservationAnswers> answers, RpcServerContext context);

    ValueTask<LastHeardResponse> LastHeardAsync(LastHeardRequest request, RpcServerContext context);
}
