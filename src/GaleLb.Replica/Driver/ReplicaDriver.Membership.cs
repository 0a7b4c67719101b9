using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.Replica.Founding;

namespace GaleLb.Replica.Driver;

/// <content>Founding while the directory is empty; filling seats and promoting learners while leading.</content>
public sealed partial class ReplicaDriver
{
    private readonly SortedDictionary<string, PeerIntroduction> _introduced = new(StringComparer.Ordinal);

    /// <summary>
    /// Addresses whose vacant seat was removed to make room for the replica there. Every member learns them from the log it
    /// applies, so that a new leader finishes what an earlier one began.
    /// </summary>
    private readonly SortedSet<string> _openSeats = new(StringComparer.Ordinal);
    private bool _foundingSuspended;
    private string _foundingReason = "";

    private void Introduced(PeerIntroduction peer)
    {
        _introduced[peer.Address] = peer;
        _founding.Introduced(peer);
        Found();
    }

    private bool AdmitVoteRequest(MemberId candidate)
    {
        if (!_founding.MayVoteFor(candidate))
            return false;
        _founding.Postpone(_now);
        return true;
    }

    private void Found()
    {
        if (!DirectoryEmpty || _core.Status.LastIndex > LogIndex.Zero)
        {
            JoinAfterFounding();
            return;
        }

        FoundingDecision decision = _founding.Decide(_now);
        _foundingReason = decision.Reason;
        if (decision.Found is { } membership)
        {
            _foundingSuspended = false;
            _core.Found(membership);
        }
        else if (!_raft.Membership.IsEmpty && _founding.MustGiveUp && !_foundingSuspended)
        {
            _foundingSuspended = true;
            _core.StepDown();
        }
    }

    /// <summary>A cluster took this replica in while its own attempt was suspended: it takes part like any other from here on.</summary>
    private void JoinAfterFounding()
    {
        _foundingReason = "";
        if (!_foundingSuspended)
            return;
        _foundingSuspended = false;
        Rejoin();
    }

    private void MembershipApplied(Membership membership)
    {
        foreach (Member before in _appliedMembership.Members)
            if (before.Vacant && membership.Find(before.Id) is null)
                _openSeats.Add(before.Address);
        foreach (Member member in membership.Members)
            _openSeats.Remove(member.Address);
        _appliedMembership = membership;
    }

    /// <summary>
    /// What a leader does by itself, one single-member change after the other: a vacant seat goes when an empty replica shows
    /// at its address, that replica comes in as a learner, and a learner that has caught up gets its vote.
    /// </summary>
    private void TendMembership()
    {
        if (_raft.Role != RaftRole.Leader || DiskFull)
            return;
        if (NextMembership(_raft) is { } next)
            _core.ProposeMembership(next);
    }

    private Membership? NextMembership(RaftStatus status)
    {
        Membership present = status.Membership;
        foreach (Member member in present.Members)
        {
            if (member.Role == MemberRole.Learner && IsCaughtUp(status, member.Id))
                return present.With(member with { Role = MemberRole.Voter });
            if (member.Vacant && EmptyReplicaAt(member.Address, present) is not null)
                return present.Without(member.Id);
        }

        foreach (string address in _openSeats)
            if (EmptyReplicaAt(address, present) is { } peer)
                return present.With(new Member(peer.Id, address, MemberRole.Learner));
        return null;
    }

    private PeerIntroduction? EmptyReplicaAt(string address, Membership present) =>
        _introduced.TryGetValue(address, out PeerIntroduction? peer) && peer.Empty && !peer.Id.IsNone && present.Find(peer.Id) is null ? peer : null;

    private bool IsCaughtUp(RaftStatus status, MemberId id)
    {
        foreach (MemberProgress progress in status.Progress)
            if (progress.Id == id)
                return progress.RecentlyActive && !progress.Snapshotting && progress.Match > LogIndex.Zero
                    && status.LastIndex.Value - progress.Match.Value <= (ulong)_options.Raft.PromotionLagMax;
        return false;
    }
}
