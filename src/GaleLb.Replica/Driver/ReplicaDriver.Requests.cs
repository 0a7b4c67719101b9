using System.Runtime.InteropServices;
using GaleLb.Raft;

namespace GaleLb.Replica.Driver;

/// <content>Proposals, reads and transfers: every token that came in goes out exactly once, unless the process ends.</content>
public sealed partial class ReplicaDriver
{
    private readonly record struct PendingProposal(Term Term, ulong Token);

    private readonly record struct PendingTransfer(ulong Token, TimeSpan Deadline);

    private readonly Dictionary<LogIndex, PendingProposal> _proposals = [];
    private readonly PriorityQueue<ulong, LogIndex> _reads = new();
    private readonly List<PendingTransfer> _transfers = [];
    private RaftRole _roleSeen;
    private Term _termSeen;

    /// <summary>When proposals of a leadership that ended are given up as unknown; null while there are none.</summary>
    private TimeSpan? _orphansDue;

    private void Propose(ulong token, ReadOnlyMemory<byte> command)
    {
        if (DiskFull)
            Complete(token, ProposalOutcome.Busy);
        else
            Await(token, _core.Propose(command));
    }

    private void ChangeMembership(ulong token, Func<Membership, Membership> change)
    {
        if (_core.Status is not { Role: RaftRole.Leader } status)
        {
            Complete(token, ProposalOutcome.NotLeader);
            return;
        }

        Await(token, _core.ProposeMembership(change(status.Membership)));
    }

    private void Await(ulong token, in ProposalTicket ticket)
    {
        switch (ticket.Refusal)
        {
            case ProposalRefusal.None:
                // An index comes around again only if an earlier leadership of ours was overruled there, or may be yet.
                if (_proposals.Remove(ticket.Index, out PendingProposal earlier))
                    Complete(earlier.Token, ProposalOutcome.Unknown);
                _proposals.Add(ticket.Index, new PendingProposal(ticket.Term, token));
                break;
            case ProposalRefusal.NotLeader:
                Complete(token, ProposalOutcome.NotLeader);
                break;
            case ProposalRefusal.Busy:
                Complete(token, ProposalOutcome.Busy);
                break;
            default:
                Complete(token, ProposalOutcome.MembershipChangePending);
                break;
        }
    }

    private void Complete(ulong token, ProposalOutcome outcome) =>
        _effects.Add(ReplicaEffect.CompleteProposal(token, new ProposalResult(outcome, LogIndex.Zero, _raft.Leader, default)));

    /// <summary>An entry of the index and of another term means that the proposal never will be committed (log matching).</summary>
    private void CompleteProposal(Entry entry, ReadOnlyMemory<byte> answer)
    {
        if (!_proposals.Remove(entry.Index, out PendingProposal proposal))
            return;
        if (proposal.Term != entry.Term)
        {
            Complete(proposal.Token, ProposalOutcome.NotLeader);
            return;
        }

        ProposalResult result = new(ProposalOutcome.Committed, entry.Index, _raft.Leader, answer);
        _effects.Add(ReplicaEffect.CompleteProposal(proposal.Token, result));
    }

    /// <summary>
    /// When leadership ends, what was proposed may still be committed by the next leader. It is given an election's time to
    /// show; most proposals then end with a certain answer.
    /// </summary>
    private void FollowRole()
    {
        bool lost = _roleSeen == RaftRole.Leader && (_raft.Role != RaftRole.Leader || _raft.Term != _termSeen);
        (_roleSeen, _termSeen) = (_raft.Role, _raft.Term);
        if (lost && _proposals.Count > 0)
            _orphansDue ??= _now + _options.ElectionTimeoutMax;
        if (_transfers.Count > 0 && !_raft.Leader.IsNone && _raft.Leader != Self)
            CompleteTransfers(TimeSpan.MaxValue, succeeded: true);
    }

    private void Read(ulong token)
    {
        if (TryReadUnderLease(token))
            return;
        if (_core.RequestRead(token))
            NoteAsked(token);
        else
            _effects.Add(ReplicaEffect.CompleteRead(token, null));
    }

    private void Granted(in ReadGrant grant)
    {
        ExtendLease(grant);
        if (grant.Index is { } index)
            _reads.Enqueue(grant.Token, index);
        else
            _effects.Add(ReplicaEffect.CompleteRead(grant.Token, null));
    }

    private void CompleteReads()
    {
        while (_reads.TryPeek(out ulong token, out LogIndex index) && index <= AppliedIndex)
        {
            _reads.Dequeue();
            _effects.Add(ReplicaEffect.CompleteRead(token, index));
        }
    }

    private void Transfer(ulong token, MemberId to)
    {
        ForbidLease();
        if (_core.TransferLeadership(to))
            _transfers.Add(new PendingTransfer(token, _now + _options.ElectionTimeoutMax));
        else
            _effects.Add(ReplicaEffect.CompleteTransfer(token, succeeded: false));
    }

    private void ExpireRequests()
    {
        CompleteTransfers(_now, succeeded: false);
        if (_orphansDue is not { } due || _now < due)
            return;
        _orphansDue = null;
        Term current = _raft.Role == RaftRole.Leader ? _raft.Term : new Term(ulong.MaxValue);
        List<LogIndex> orphans = [.. _proposals.Where(p => p.Value.Term < current).Select(p => p.Key).Order()];
        foreach (LogIndex index in CollectionsMarshal.AsSpan(orphans))
            if (_proposals.Remove(index, out PendingProposal orphan))
                Complete(orphan.Token, ProposalOutcome.Unknown);
    }

    private void CompleteTransfers(TimeSpan before, bool succeeded)
    {
        for (int i = 0; i < _transfers.Count; i++)
        {
            if (_transfers[i].Deadline > before)
                continue;
            _effects.Add(ReplicaEffect.CompleteTransfer(_transfers[i].Token, succeeded));
            _transfers.RemoveAt(i--);
        }
    }
}
