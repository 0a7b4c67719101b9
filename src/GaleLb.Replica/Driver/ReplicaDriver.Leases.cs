using GaleLb.Raft;

namespace GaleLb.Replica.Driver;

/// <content>
/// Reads under a lease (thesis §6.4.1), off by default. A confirmed read round says that a quorum heard this leader after
/// the round was asked for; each of them refuses to vote for anybody else for an election timeout of its own clock. Until
/// then less what clocks may differ, no other leader can exist, and reads need not ask again. The lease is measured by
/// the driver's clock at the moment a read is taken in, so that a pause ends it like any other passing of time.
/// </content>
public sealed partial class ReplicaDriver
{
    private readonly Dictionary<ulong, TimeSpan> _readsAsked = [];
    private TimeSpan _leaseUntil = TimeSpan.MinValue;
    private Term _leaseTerm;
    private Membership? _leaseMembership;

    /// <summary>A transfer was begun in this term: its message may arrive at any time and overrules the promise the lease stands on.</summary>
    private Term _leaseForbidden;

    /// <summary>What this member promised before it restarted, or before it campaigned anew, it no longer knows: it waits the promise out.</summary>
    private TimeSpan _votesNotBefore = TimeSpan.MinValue;

    /// <summary>
    /// How long a lease lasts. A follower counts its timeout in ticks that may include time before the message it was heard in:
    /// one tick under way, and after a pause as many as are made up for at once.
    /// </summary>
    private TimeSpan LeaseDuration =>
        _options.Tick * ((_options.Raft.ElectionTicks - _options.Raft.HeartbeatTicks - 1) * (1 - _options.ClockDriftMax));

    private bool TryReadUnderLease(ulong token)
    {
        if (!_options.LeaseReads || _now >= _leaseUntil)
            return false;
        RaftStatus status = _core.Status;
        if (status.Role != RaftRole.Leader || status.Term != _leaseTerm || status.Term == _leaseForbidden || !status.Membership.Equals(_leaseMembership))
            return false;
        _reads.Enqueue(token, status.CommitIndex);
        CompleteReads();
        return true;
    }

    private void NoteAsked(ulong token)
    {
        if (_options.LeaseReads)
            _readsAsked.Add(token, _now);
    }

    private void ExtendLease(in ReadGrant grant)
    {
        if (!_readsAsked.Remove(grant.Token, out TimeSpan asked) || grant.Index is null)
            return;
        RaftStatus status = _core.Status;
        if (status.Role != RaftRole.Leader)
            return;
        TimeSpan until = asked + LeaseDuration;
        if (status.Term == _leaseTerm && until <= _leaseUntil)
            return;
        (_leaseUntil, _leaseTerm, _leaseMembership) = (until, status.Term, status.Membership);
    }

    private void ForbidLease() => _leaseForbidden = _core.Status.Term;

    private void WaitOutPromises()
    {
        if (_options.LeaseReads)
            _votesNotBefore = _now + (_options.Tick * _options.Raft.ElectionTicks);
    }

    private bool IsBoundByPromise(VoteRequest request) => !request.Transfer && _now < _votesNotBefore;
}
