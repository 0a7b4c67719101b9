using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>What became of an order.</summary>
/// <param name="Answer">The state machine's word; null when it was not committed, and then <paramref name="Failure"/> says why.</param>
/// <param name="Unknown">It may yet be committed: repeat it under the same idempotency key.</param>
internal readonly record struct OrderResult(CommandAnswer? Answer, string? Failure, bool Unknown);

/// <summary>Brings an order to the leader, be it this replica or a peer.</summary>
internal sealed class LeaderRoute(IReplica replica, PeerNetwork network, TimeProvider time)
{
    private static readonly TimeSpan NoLeaderRetry = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Submits and waits for the answer. Without a leader it tries again until <paramref name="cancellation"/>; it never submits
    /// twice what may have been committed.
    /// </summary>
    /// <param name="here">Carries it out on this replica, which leads.</param>
    /// <param name="there">Hands it to the leader.</param>
    public async Task<OrderResult> SubmitAsync(
        Func<Task<ProposeResponse>> here, Func<PeerServiceClient, RpcCallOptions, Task<ProposeResponse>> there, CancellationToken cancellation)
    {
        string failure = "no leader is known";
        while (!cancellation.IsCancellationRequested)
        {
            ReplicaStatus status = replica.Status;
            ProposeResponse? response = status.Role == RaftRole.Leader ? await here()
                : network.Link(status.Leader) is { } leader ? await HandOverAsync(leader, there, cancellation)
                : null;
            switch (response?.Outcome)
            {
                case ProposeResponse.Types.Outcome.Committed:
                    return new OrderResult(CommandAnswerCodec.Decode(response.Result.Span), null, Unknown: false);
                case ProposeResponse.Types.Outcome.Unknown:
                    return new OrderResult(
                        null, "leadership changed while the order was under way; it may or may not have been carried out", Unknown: true);
                case ProposeResponse.Types.Outcome.Busy:
                    failure = "the leader is busy: too much waits to be committed";
                    break;
                case ProposeResponse.Types.Outcome.NotLeader:
                    failure = "the replica taken for the leader does not lead any more";
                    break;
            }
            await Task.Delay(NoLeaderRetry, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return new OrderResult(null, failure, Unknown: false);
    }

    private async Task<ProposeResponse> HandOverAsync(
        PeerLink leader, Func<PeerServiceClient, RpcCallOptions, Task<ProposeResponse>> there, CancellationToken cancellation)
    {
        RpcMetadata metadata = new();
        metadata.Add(PeerLink.MemberHeader, network.Self.ToString());
        try
        {
            return await there(leader.Client, new RpcCallOptions(Metadata: metadata, CancellationToken: cancellation));
        }
        catch (RpcException error) when (error.Code is StatusCode.FailedPrecondition or StatusCode.PermissionDenied or StatusCode.Unimplemented)
        {
            return new ProposeResponse { Outcome = ProposeResponse.Types.Outcome.NotLeader };
        }
        catch (RpcException)
        {
            // The call may have arrived: whether the order was carried out cannot be told from here.
            return new ProposeResponse { Outcome = ProposeResponse.Types.Outcome.Unknown };
        }
    }
}
