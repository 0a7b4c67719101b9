using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc;
using GaleLb.Rpc.V1;
using GaleLb.State.Commands;
using GaleLb.State.Events;
using Google.Protobuf;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>
/// Takes orders about members on any replica: carries them out when this one leads, hands them to the leader otherwise.
/// They are no entries of the state machine but are answered like those, and told in its history before they are carried out.
/// </summary>
internal sealed class MembershipDesk(
    IReplica replica, PeerNetwork network, PeerDirectory directory, OrderDesk orders, ClusterMachine machine, TimeProvider time)
{
    private const string RemoveWords = "remove ";
    private const string HandOverWords = "hand leadership to ";

    private readonly LeaderRoute _route = new(replica, network, time);

    /// <summary>As <see cref="LeaderRoute.SubmitAsync"/>.</summary>
    public Task<OrderResult> SubmitAsync(MembersRequest order, CancellationToken cancellation) =>
        _route.SubmitAsync(() => CarryOutAsync(order, cancellation), (leader, options) => leader.ChangeMembersAsync(order, options), cancellation);

    /// <summary>Judges an order and carries it out, as the leader.</summary>
    /// <exception cref="RpcException">The request holds no order.</exception>
    public async Task<ProposeResponse> CarryOutAsync(MembersRequest order, CancellationToken cancellation)
    {
        ReplicaStatus status = replica.Status;
        if (status.Role != RaftRole.Leader)
            return new ProposeResponse { Outcome = ProposeResponse.Types.Outcome.NotLeader, LeaderId = status.Leader.Value };
        try
        {
            // What the former leader carried out has to be known here before an order can be taken for its repetition.
            if (order.IdempotencyKey.Length > 0 && (await replica.ReadBarrierAsync(cancellation)).Index is null)
                return new ProposeResponse { Outcome = ProposeResponse.Types.Outcome.NotLeader, LeaderId = replica.Status.Leader.Value };
            return order.OrderCase switch
            {
                MembersRequest.OrderOneofCase.Admit => await AdmitAsync(order, status, cancellation),
                MembersRequest.OrderOneofCase.Expel => await ExpelAsync(order, status, cancellation),
                MembersRequest.OrderOneofCase.HandOver => await HandOverAsync(order, status, cancellation),
                _ => throw new RpcException(StatusCode.InvalidArgument, "order: admit, expel or hand_over expected"),
            };
        }
        catch (OperationCanceledException)
        {
            return new ProposeResponse { Outcome = ProposeResponse.Types.Outcome.Unknown };
        }
    }

    /// <summary>The voter that could lead at once, the one that holds most of the log; none when no other answers.</summary>
    public static MemberId Successor(ReplicaStatus status) => status.Progress
        .Where(p => p.Id != status.Self && p.RecentlyActive && status.Membership.IsVoter(p.Id))
        .MaxBy(p => p.Match)?.Id ?? MemberId.None;

    private async Task<ProposeResponse> AdmitAsync(MembersRequest order, ReplicaStatus status, CancellationToken cancellation)
    {
        string address = order.Admit.Address;
        if (status.Membership.Find(address) is { } seat)
            return Seated(seat, status);
        bool admitted = false;
        try
        {
            Introduction theirs = await network.InviteAsync(address, cancellation);
            if (directory.Find(address)?.Refusal is { } refusal)
                return Conflict(refusal, "address");
            if (!theirs.Empty)
                return Conflict(
                    $"the replica at {address} holds data of a cluster already; it can join only with an empty data_directory", "address");
            MemberId id = new(theirs.MemberId);
            Member member = new(id, address, order.Admit.Observer ? MemberRole.Observer : MemberRole.Learner);
            if (order.DryRun)
                return Ok(status.CommitIndex, $"{id} would learn" + (order.Admit.Observer ? "" : ", and vote once it has caught up"));
            string role = order.Admit.Observer ? "observer" : "voter";
            if (await RecordAsync(order, id, $"admit {address} as {role}", cancellation) is { } unrecorded)
                return unrecorded;
            ProposeResponse response = await ChangeAsync(
                present => present.Find(address) is null && present.Find(id) is null ? present.With(member) : present,
                $"{id} learns" + (order.Admit.Observer ? "" : ", and votes once it has caught up"), cancellation);
            admitted = response.Index > 0;
            return response;
        }
        catch (RpcException error)
        {
            return Conflict($"no replica at {address} can be admitted: {error.Status}", "address");
        }
        finally
        {
            await network.EndInvitationAsync(address, admitted);
        }
    }

    private ProposeResponse Seated(Member seat, ReplicaStatus status)
    {
        if (seat.Vacant)
            return Conflict($"the seat of {seat.Address} is vacant: an empty replica that starts there takes it by itself", "address");
        MemberId there = directory.Find(seat.Address)?.Id ?? MemberId.None;
        return there.IsNone || there == seat.Id
            ? Ok(status.CommitIndex, $"{seat.Id} at {seat.Address} is a member already")
            : Conflict($"{seat.Address} belongs to member {seat.Id}, and {there} is there now: remove {seat.Id} first", "address");
    }

    private async Task<ProposeResponse> ExpelAsync(MembersRequest order, ReplicaStatus status, CancellationToken cancellation)
    {
        MemberId id = new(order.Expel.MemberId);
        if (status.Membership.Find(id) is not { } member)
            return Earlier(order) is { } earlier && Repeats(earlier, RemoveWords, id)
                ? Ok(earlier.Index, $"{id} is no member any more")
                : Refuse(CommandOutcome.NotFound, $"no member has the id {id}", "");
        Membership rest = status.Membership.Without(id);
        if (rest.Voters.IsEmpty)
            return Conflict($"{id} is the last voter", "");
        int answering = rest.Voters.Count(v => v == status.Self || status.Progress.Any(p => p.Id == v && p.RecentlyActive));
        if (!order.Expel.Force && answering < rest.Quorum)
            return Conflict(
                $"{rest.Voters.Length} voters would remain, of which {answering} answer and {rest.Quorum} must to decide anything; force it if you must",
                "force");
        string done = $"{id} at {member.Address} is no member any more";
        if (order.DryRun)
            return Ok(status.CommitIndex, $"{id} at {member.Address} would be no member any more");
        return await RecordAsync(order, id, RemoveWords + member.Address, cancellation)
            ?? await ChangeAsync(present => present.Without(id), done, cancellation);
    }

    private async Task<ProposeResponse> HandOverAsync(MembersRequest order, ReplicaStatus status, CancellationToken cancellation)
    {
        // Carried out again it would hand over once more, and to another one.
        if (Earlier(order) is { } earlier)
            return Repeats(earlier, HandOverWords, order.HandOver.To == 0 ? null : new MemberId(order.HandOver.To))
                ? Ok(earlier.Index, "this was carried out before, under the same Idempotency-Key")
                : Refuse(CommandOutcome.Invalid, $"the key '{order.IdempotencyKey}' was used at index {earlier.Index} for another order", "idempotency_key");
        MemberId to = order.HandOver.To == 0 ? Successor(status) : new MemberId(order.HandOver.To);
        if (to.IsNone)
            return Conflict("no other voter answers, so nobody could lead", "");
        if (status.Membership.Find(to) is not { } heir)
            return Refuse(CommandOutcome.NotFound, $"no member has the id {to}", "to");
        if (to == status.Self)
            return Ok(status.CommitIndex, $"{to} at {heir.Address} leads already");
        if (heir.Role != MemberRole.Voter)
            return Conflict($"{to} at {heir.Address} has no vote, so it cannot lead", "to");
        if (!status.Progress.Any(p => p.Id == to && p.RecentlyActive))
            return Conflict($"{to} at {heir.Address} does not answer, so it cannot lead", "to");
        if (order.DryRun)
            return Ok(status.CommitIndex, $"{to} at {heir.Address} would lead");
        if (await RecordAsync(order, to, HandOverWords + heir.Address, cancellation) is { } unrecorded)
            return unrecorded;
        return await replica.TransferLeadershipAsync(to, cancellation)
            ? Ok(replica.Status.CommitIndex, $"leadership was handed to {to} at {heir.Address}")
            : Conflict($"{to} at {heir.Address} did not take over within an election timeout", "to");
    }

    /// <summary>What an order under the same key was answered; null when there was none.</summary>
    private CommandAnswer? Earlier(MembersRequest order) =>
        order.DryRun || order.IdempotencyKey.Length == 0 ? null : machine.State.AnswerTo(order.IdempotencyKey);

    /// <summary>Whether what the history tells of that index is this kind of order, and for this member where one is named.</summary>
    private bool Repeats(CommandAnswer earlier, string words, MemberId? member) =>
        machine.State.EventsAfter(new LogIndex(earlier.Index.Value - 1)).TakeWhile(e => e.Index == earlier.Index).Any(e =>
            e.Kind == EventKind.MemberOrdered && e.Cause.StartsWith(words, StringComparison.Ordinal) && (member is null || e.Subject == member.ToString()));

    /// <summary>
    /// Tells in the history what is about to be carried out, and for whom; null when it may be. Before all members can apply
    /// such an entry there is no telling, and orders are carried out all the same.
    /// </summary>
    private async Task<ProposeResponse?> RecordAsync(MembersRequest order, MemberId member, string words, CancellationToken cancellation)
    {
        if (machine.State.StateVersion < RecordMemberOrder.VersionMin)
            return null;
        CommandEnvelope record = new(new RecordMemberOrder(member.ToString(), words))
        {
            Origin = order.Origin.Length is > 0 and <= CommandEnvelope.OriginMax ? order.Origin : "peer",
            IdempotencyKey = order.IdempotencyKey.Length is > 0 and <= CommandEnvelope.IdempotencyKeyMax ? order.IdempotencyKey : null,
        };
        ProposeResponse response = await orders.RespondAsync(CommandCodec.Encode(record), cancellation);
        return response.Outcome == ProposeResponse.Types.Outcome.Committed && CommandAnswerCodec.Decode(response.Result.Span).IsOk ? null : response;
    }

    private async Task<ProposeResponse> ChangeAsync(Func<Membership, Membership> change, string done, CancellationToken cancellation)
    {
        ProposalResult result = await replica.ChangeMembershipAsync(change, cancellation);
        return result.Outcome switch
        {
            ProposalOutcome.Committed => Ok(result.Index, done),
            ProposalOutcome.MembershipChangePending => Conflict("another change of the members is under way, or was not committed yet; repeat it in a moment", ""),
            ProposalOutcome.NotLeader => new ProposeResponse { Outcome = ProposeResponse.Types.Outcome.NotLeader, LeaderId = result.Leader.Value },
            ProposalOutcome.Busy => new ProposeResponse { Outcome = ProposeResponse.Types.Outcome.Busy },
            _ => new ProposeResponse { Outcome = ProposeResponse.Types.Outcome.Unknown },
        };
    }

    private static ProposeResponse Ok(LogIndex index, string message) => Answer(new CommandAnswer(index, CommandOutcome.Ok, message, "", []));

    private static ProposeResponse Conflict(string message, string field) => Refuse(CommandOutcome.Conflict, message, field);

    private static ProposeResponse Refuse(CommandOutcome outcome, string message, string field) =>
        Answer(new CommandAnswer(LogIndex.Zero, outcome, message, field, []));

    private static ProposeResponse Answer(CommandAnswer answer) => new()
    {
        Outcome = ProposeResponse.Types.Outcome.Committed,
        Index = answer.Index.Value,
        Result = ByteString.CopyFrom(CommandAnswerCodec.Encode(answer)),
    };
}
