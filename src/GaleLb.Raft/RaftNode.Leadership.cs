namespace GaleLb.Raft;

/// <content>A leader's life: taking office, heartbeats, check-quorum (thesis §6.2), handing over (§3.10).</content>
public sealed partial class RaftNode
{
    /// <summary>One per member in order of id, ourselves included; empty unless we lead.</summary>
    private Progress[] _progress = [];

    private int _heartbeatElapsed;
    private MemberId _transferTarget;
    private long _transferDeadline;

    /// <summary>
    /// Asks <paramref name="to"/> to take over as soon as it has the whole log; proposals are refused meanwhile. Given up after
    /// an election timeout. False: we do not lead, or it is no voter in reach, or another transfer is under way.
    /// </summary>
    public bool TransferLeadership(MemberId to)
    {
        if (_role != RaftRole.Leader || to == _self || !_memberships.Current.IsVoter(to))
            return false;
        if (FindProgress(to) is not { } target || !IsActive(target))
            return false;
        if (!_transferTarget.IsNone)
            return _transferTarget == to;
        _transferTarget = to;
        _transferDeadline = _now + _options.ElectionTicks;
        PursueTransfer(target);
        return true;
    }

    private void BecomeLeader()
    {
        _role = RaftRole.Leader;
        _leader = _self;
        _heartbeatElapsed = 0;
        _transferTarget = MemberId.None;
        _readSequence = 0;
        Recover(); // Who is elected holds every committed entry, however it was elected.
        _progress = [];
        RefreshProgress();
        _uncommittedBytes = 0;
        for (LogIndex index = _log.Commit.Next(); index <= _log.LastIndex; index = index.Next())
            _uncommittedBytes += SizeOf(_log[index]);
        if (_founding && _log.LastIndex == LogIndex.Zero)
            AppendOwn(EntryKind.Membership, MembershipCodec.Encode(_memberships.Current));
        AppendOwn(EntryKind.Empty, ReadOnlyMemory<byte>.Empty);
    }

    private void LeaveLeadership()
    {
        _progress = [];
        _transferTarget = MemberId.None;
        _flushPending = false;
    }

    private void TickLeader()
    {
        if (!HasActiveQuorum())
        {
            BecomeFollower(_term, MemberId.None);
            return;
        }
        if (!_transferTarget.IsNone && _now >= _transferDeadline)
            _transferTarget = MemberId.None;
        if (++_heartbeatElapsed < _options.HeartbeatTicks)
            return;
        if (!_transferTarget.IsNone && FindProgress(_transferTarget) is { } target)
            PursueTransfer(target);
        BroadcastHeartbeat();
    }

    private void BroadcastHeartbeat()
    {
        _heartbeatElapsed = 0;
        foreach (Progress peer in _progress)
        {
            if (!IsReachable(peer))
                continue;
            // Never beyond what is known to match there: it commits without looking.
            LogIndex commit = peer.Match < _log.Commit ? peer.Match : _log.Commit;
            _messages.Add(new HeartbeatRequest(_self, peer.Id, _term, commit, _readSequence, peer.RecoveryToken, peer.RecoveryTarget));
        }
    }

    private bool HasActiveQuorum()
    {
        int active = 0;
        foreach (Progress peer in _progress)
            if (peer.Member.Role == MemberRole.Voter && (peer.Id == _self || IsActive(peer)))
                active++;
        return active >= _memberships.Current.Quorum;
    }

    private bool IsActive(Progress peer) => !peer.Member.Vacant && _now - peer.HeardAt < _options.ElectionTicks;

    private bool IsReachable(Progress peer) => peer.Id != _self && !peer.Member.Vacant;

    private void PursueTransfer(Progress target)
    {
        if (target.Match == _log.LastIndex)
            _messages.Add(new TimeoutNow(_self, target.Id, _term));
        else
            _flushPending = true;
    }

    private void HandleTimeoutNow(TimeoutNow now)
    {
        if (_role == RaftRole.Follower && now.From == _leader && MayCampaign)
            BecomeCandidate(transfer: true);
    }

    private Progress? FindProgress(MemberId id)
    {
        foreach (Progress peer in _progress)
            if (peer.Id == id)
                return peer;
        return null;
    }

    /// <summary>The progress of a peer that has just been heard from, in our term and while we lead.</summary>
    private Progress? Heard(MemberId id)
    {
        if (_role != RaftRole.Leader || FindProgress(id) is not { } peer || peer.Member.Vacant)
            return null;
        peer.HeardAt = _now;
        return peer;
    }
}
