namespace GaleLb.Raft;

/// <content>
/// A member whose disk was damaged, and that lost, or may have lost, entries it acknowledged (docs/decisions/0009). It keeps its
/// id, term and vote, and follows like a learner: it does not campaign and grants nothing, so that no leader is elected that
/// lacks what was lost here; in doubt it does, but its grant counts only where all voters agree. It is complete again once
/// its log reaches as far as the leader's did after the restart.
/// </content>
public sealed partial class RaftNode
{
    /// <summary>Random by start, so that a leader's answer to an earlier start is not taken for one to this; zero: the log is complete.</summary>
    private ulong _recoveryToken;

    /// <summary>What the leader of this term says completes the log; null until it has.</summary>
    private LogIndex? _recoveryTarget;

    /// <summary>Up to here the log is known to equal the log of this term's leader.</summary>
    private LogIndex _matched;

    private LogLoss _loss;
    private bool _recovered;

    private bool IsIncomplete => _loss != LogLoss.None;

    /// <summary>
    /// Another term's leader may have a shorter log than the one that set the target, and all that is committed in it:
    /// (1) leader A is told to wait for entry 9, (2) B is elected and replaces 8 and 9, which nobody else had, by one
    /// entry: 9 never comes.
    /// </summary>
    private void ForgetRecoveryTarget()
    {
        _recoveryTarget = null;
        _matched = LogIndex.Zero;
    }

    private void NoteMatched(LogIndex index)
    {
        if (!IsIncomplete)
            return;
        if (index > _matched)
            _matched = index;
        RecoverIfComplete();
    }

    /// <summary>
    /// A heartbeat's commit index stands on what we acknowledged, which is what may be missing; even entries that were replaced
    /// may lie in its place.
    /// </summary>
    private LogIndex MayCommitUpTo(LogIndex commit) => IsIncomplete && commit > _matched ? _matched : commit;

    private void HeedRecoveryTarget(HeartbeatRequest request)
    {
        if (!IsIncomplete || request.RecoveryToken != _recoveryToken)
            return;
        _recoveryTarget = request.RecoveryTarget;
        RecoverIfComplete();
    }

    /// <summary>
    /// The target lies beyond everything we ever acknowledged to this leader, and whoever led before it, its log holds what
    /// was committed: it was elected without us, or before we lost anything.
    /// </summary>
    private void RecoverIfComplete()
    {
        if (IsIncomplete && _recoveryTarget is { } target && _matched >= target && _log.Stable >= target)
            Recover();
    }

    private void Recover()
    {
        _recovered |= IsIncomplete;
        _loss = LogLoss.None;
        _recoveryToken = 0;
    }

    /// <summary>
    /// As the leader: what the peer once acknowledged is not there any more, as far as we know. One that seems to have all and
    /// says that it has not was believed an answer of its earlier life: it is asked again.
    /// </summary>
    private void FollowRecovery(Progress peer, ulong token)
    {
        bool isNew = peer.RecoveryToken != token;
        peer.RecoveryToken = token;
        if (token == 0 || (!isNew && peer.Match < peer.RecoveryTarget))
            return;
        if (isNew)
            peer.RecoveryTarget = _log.LastIndex;
        peer.Match = LogIndex.Zero;
        peer.BecomeProbe(_log.LastIndex.Next());
    }
}
