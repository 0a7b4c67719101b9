using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Commands;
using Google.Protobuf;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>Takes orders on any replica: proposes them when this one leads, hands them to the leader otherwise.</summary>
internal sealed class OrderDesk(IReplica replica, PeerNetwork network, LogClock clock, TimeProvider time)
{
    private readonly LeaderRoute _route = new(replica, network, time);

    /// <summary>As <see cref="LeaderRoute.SubmitAsync"/>: waits until the order is committed.</summary>
    public Task<OrderResult> SubmitAsync(CommandEnvelope envelope, CancellationToken cancellation)
    {
        byte[] command = CommandCodec.Encode(envelope);
        return _route.SubmitAsync(
            () => RespondAsync(command, cancellation),
            (leader, options) => leader.ProposeAsync(new ProposeRequest { Command = UnsafeByteOperations.UnsafeWrap(command) }, options),
            cancellation);
    }

    /// <summary>Proposes an encoded command here and puts the result in words of the wire.</summary>
    /// <exception cref="RpcException">The bytes are no command.</exception>
    public async Task<ProposeResponse> RespondAsync(ReadOnlyMemory<byte> command, CancellationToken cancellation)
    {
        ProposalResult result = await ProposeHereAsync(command, cancellation);
        return new ProposeResponse
        {
            Outcome = result.Outcome switch
            {
                ProposalOutcome.Committed => ProposeResponse.Types.Outcome.Committed,
                ProposalOutcome.NotLeader => ProposeResponse.Types.Outcome.NotLeader,
                ProposalOutcome.Busy or ProposalOutcome.MembershipChangePending => ProposeResponse.Types.Outcome.Busy,
                _ => ProposeResponse.Types.Outcome.Unknown,
            },
            Index = result.Index.Value,
            LeaderId = result.Leader.Value,
            Result = ByteString.CopyFrom(result.Answer.Span),
        };
    }

    /// <summary>Proposes an encoded command on this replica, stamped with the leader's times.</summary>
    /// <exception cref="RpcException">The bytes are no command.</exception>
    public async Task<ProposalResult> ProposeHereAsync(ReadOnlyMemory<byte> command, CancellationToken cancellation)
    {
        byte[] stamped;
        try
        {
            stamped = CommandCodec.Stamp(command.Span, new LogTime(clock.NowMs), time.GetUtcNow().ToUnixTimeMilliseconds());
        }
        catch (InvalidDataException error)
        {
            throw new RpcException(StatusCode.InvalidArgument, error.Message, error);
        }
        try
        {
            return await replica.ProposeAsync(stamped, cancellation);
        }
        catch (OperationCanceledException)
        {
            return new ProposalResult(ProposalOutcome.Unknown, LogIndex.Zero, MemberId.None, default);
        }
    }
}
