using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Commands;
using Google.Protobuf;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>What became of an order.</summary>
/// <param name="Answer">The state machine's word; null when it was not committed, and then <paramref name="Failure"/> says why.</param>
/// <param name="Unknown">It may yet be committed: repeat it under the same idempotency key.</param>
internal readonly record struct OrderResult(CommandAnswer? Answer, string? Failure, bool Unknown);

/// <summary>Takes orders on any replica: proposes them when this one leads, hands them to the leader otherwise.</summary>
internal sealed class OrderDesk(IReplica replica, PeerNetwork network, LogClock clock, TimeProvider time)
{
    private static readonly TimeSpan NoLeaderRetry = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Submits and waits until the order is committed. Without a leader it tries again until <paramref name="cancellation"/>;
    /// it never submits twice what may have been committed.
    /// </summary>
    public async Task<OrderResult> SubmitAsync(CommandEnvelope envelope, CancellationToken cancellation)
    {
        byte[] command = CommandCodec.Encode(envelope);
        string failure = "no leader is known";
        while (!cancellation.IsCancellationRequested)
        {
            ReplicaStatus status = replica.Status;
            if (status.Role == RaftRole.Leader)
            {
                ProposalResult result = await ProposeHereAsync(command, cancellation);
                if (Settle(result.Outcome, result.Answer, out OrderResult settled))
                    return settled;
                failure = Describe(result.Outcome);
            }
            else if (network.Link(status.Leader) is { } leader)
            {
                (ProposalOutcome outcome, ReadOnlyMemory<byte> answer) = await ProposeThereAsync(leader, command, cancellation);
                if (Settle(outcome, answer, out OrderResult settled))
                    return settled;
                failure = Describe(outcome);
            }
            await Task.Delay(NoLeaderRetry, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return new OrderResult(null, failure, Unknown: false);
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

    private async Task<(ProposalOutcome Outcome, ReadOnlyMemory<byte> Answer)> ProposeThereAsync(
        PeerLink leader, ReadOnlyMemory<byte> command, CancellationToken cancellation)
    {
        RpcMetadata metadata = new();
        metadata.Add(PeerLink.MemberHeader, network.Self.ToString());
        try
        {
            ProposeResponse response = await leader.Client.ProposeAsync(
                new ProposeRequest { Command = UnsafeByteOperations.UnsafeWrap(command) },
                new RpcCallOptions(Metadata: metadata, CancellationToken: cancellation));
            ProposalOutcome outcome = response.Outcome switch
            {
                ProposeResponse.Types.Outcome.Committed => ProposalOutcome.Committed,
                ProposeResponse.Types.Outcome.NotLeader => ProposalOutcome.NotLeader,
                ProposeResponse.Types.Outcome.Busy => ProposalOutcome.Busy,
                _ => ProposalOutcome.Unknown,
            };
            return (outcome, response.Result.Memory);
        }
        catch (RpcException error) when (error.Code is StatusCode.FailedPrecondition or StatusCode.PermissionDenied)
        {
            return (ProposalOutcome.NotLeader, default);
        }
        catch (RpcException)
        {
            // The call may have arrived: whether the order was committed cannot be told from here.
            return (ProposalOutcome.Unknown, default);
        }
    }

    private static bool Settle(ProposalOutcome outcome, ReadOnlyMemory<byte> answer, out OrderResult result)
    {
        result = outcome switch
        {
            ProposalOutcome.Committed => new OrderResult(CommandAnswerCodec.Decode(answer.Span), null, false),
            ProposalOutcome.Unknown => new OrderResult(
                null, "leadership changed while the order was under way; it may or may not have been committed", Unknown: true),
            _ => default,
        };
        return outcome is ProposalOutcome.Committed or ProposalOutcome.Unknown;
    }

    private static string Describe(ProposalOutcome outcome) => outcome switch
    {
        ProposalOutcome.Busy => "the leader is busy: too much waits to be committed",
        ProposalOutcome.NotLeader => "the replica taken for the leader does not lead any more",
        _ => $"the order was not taken: {outcome}",
    };
}
