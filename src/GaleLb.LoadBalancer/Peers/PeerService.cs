using System.Net;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Replica.Wire;
using GaleLb.Rpc;
using GaleLb.Rpc.Server;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Peers;

/// <summary>What this replica does for its peers.</summary>
internal sealed class PeerService(
    PeerNetwork network, PeerDirectory directory, Action<Message> receive, OrderDesk orders, MembershipDesk members, ObservationDesk observations,
    PeerAccess access, ILogger<PeerService> log) : IPeerService
{
    public ValueTask<Introduction> IntroduceAsync(Introduction request, RpcServerContext context)
    {
        if (!IPEndPoint.TryParse(request.Address, out _))
            throw new RpcException(StatusCode.InvalidArgument, $"address \"{request.Address}\": \"ip:port\" expected");
        if (!access.IsOf(request.Address, context))
            throw access.Refuse(context, $"{access.Shown(context)} cannot introduce itself as {request.Address}");
        network.Met(request, dialled: null);
        Introduction answer = network.OwnIntroduction();
        answer.Refusal = directory.Find(request.Address)?.Refusal ?? "";
        return ValueTask.FromResult(answer);
    }

    public async Task<ExchangeSummary> ExchangeAsync(IAsyncEnumerable<RaftFrame> frames, RpcServerContext context)
    {
        MemberId caller = Caller(context);
        ulong received = 0;
        await foreach (RaftFrame frame in frames.WithCancellation(context.CancellationToken))
        {
            Message message;
            try
            {
                message = MessageCodec.Decode(frame.Message.Memory);
            }
            catch (InvalidDataException error)
            {
                log.LogError("Replica {Peer} sent a frame that is no message: {Reason}", caller, error.Message);
                throw new RpcException(StatusCode.InvalidArgument, error.Message, error);
            }
            if (message.From != caller)
                throw access.Refuse(context, $"a message of {message.From} came over the exchange of {caller}");
            // A peer may come to be refused while its exchange is open.
            if (directory.Find(caller) is not { Refusal: null })
                throw new RpcException(StatusCode.FailedPrecondition, directory.Find(caller)?.Refusal ?? "introduce yourself first");
            received++;
            receive(message);
        }
        return new ExchangeSummary { Received = received };
    }

    public async ValueTask<ProposeResponse> ProposeAsync(ProposeRequest request, RpcServerContext context)
    {
        Caller(context);
        return await orders.RespondAsync(request.Command.Memory, context.CancellationToken);
    }

    public async ValueTask<ProposeResponse> ChangeMembersAsync(MembersRequest request, RpcServerContext context)
    {
        Caller(context);
        return await members.CarryOutAsync(request, context.CancellationToken);
    }

    public async Task ObserveAsync(
        IAsyncEnumerable<ObservationBatch> batches, IRpcStreamWriter<ObservationAnswers> answers, RpcServerContext context)
    {
        MemberId caller = Caller(context);
        await foreach (ObservationBatch batch in batches.WithCancellation(context.CancellationToken))
            await answers.WriteAsync(observations.Receive(caller, batch), context.CancellationToken);
    }

    public ValueTask<LastHeardResponse> LastHeardAsync(LastHeardRequest request, RpcServerContext context)
    {
        Caller(context);
        return ValueTask.FromResult(observations.LastHeardHere());
    }

    /// <summary>The admitted peer that calls, by its header.</summary>
    private MemberId Caller(RpcServerContext context)
    {
        if (!MemberId.TryParse(context.RequestMetadata.GetValue(PeerLink.MemberHeader), out MemberId id))
            throw new RpcException(StatusCode.Unauthenticated, $"the header {PeerLink.MemberHeader} names the calling member; it is missing or malformed");
        PeerRecord peer = directory.Find(id)
            ?? throw new RpcException(StatusCode.FailedPrecondition, $"{id} is not known here: introduce yourself first");
        if (peer.Refusal is { } refusal)
            throw new RpcException(StatusCode.FailedPrecondition, refusal);
        if (!access.IsOf(peer.Address, context))
            throw access.Refuse(context, $"{id} is at {peer.Address}, this call is of {access.Shown(context)}");
        return id;
    }
}
