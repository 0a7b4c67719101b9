using System.Collections.Immutable;

namespace GaleLb.Raft;

/// <content>Founding, and changes of the configuration by one member at a time (thesis ch. 4).</content>
public sealed partial class RaftNode
{
    /// <summary>The configuration in force is the volatile one of <see cref="Found"/>; nothing in the log says so yet.</summary>
    private bool _founding;

    /// <summary>
    /// Founds a cluster: takes <paramref name="membership"/> as the initial configuration of an empty log and campaigns. The
    /// caller has made sure that a majority of it is empty too. On victory the leader appends the membership as entry 1.
    /// </summary>
    /// <exception cref="InvalidOperationException">The log is not empty: this member has a cluster.</exception>
    /// <exception cref="ArgumentException">This member is no voter of <paramref name="membership"/>.</exception>
    public void Found(Membership membership)
    {
        if (_log.LastIndex != LogIndex.Zero)
            throw new InvalidOperationException($"Member {_self} cannot found a cluster: its log ends at {_log.LastIndex}.");
        if (membership.Find(_self) is not { Role: MemberRole.Voter, Vacant: false })
            throw new ArgumentException($"Member {_self} is no voter of the cluster it is to found.", nameof(membership));
        _memberships.Reset(LogIndex.Zero, membership);
        _founding = true;
        _suspended = false;
        BecomeCandidate(transfer: false);
    }

    /// <summary>Proposes a configuration that differs from the present one in one member (thesis §4.3).</summary>
    public ProposalTicket ProposeMembership(Membership membership)
    {
        byte[] payload = MembershipCodec.Encode(membership);
        ProposalRefusal refusal = RefuseProposal(payload.Length);
        if (refusal == ProposalRefusal.None && !MayChangeTo(membership))
            refusal = ProposalRefusal.MembershipChangePending;
        return refusal == ProposalRefusal.None ? AppendOwn(EntryKind.Membership, payload) : new ProposalTicket(LogIndex.Zero, _term, refusal);
    }

    /// <summary>
    /// A leader changes nothing before an entry of its own term is committed: an earlier leader's change might yet commit
    /// beside its own, with quorums that do not meet (the author's correction of 2015 to thesis §4.1).
    /// </summary>
    private bool MayChangeTo(Membership membership) =>
        HasCommittedInTerm
        && _memberships.CurrentIndex <= _log.Commit
        && MembershipChange.IsLawful(_memberships.Current, membership, out MemberId promoted)
        && (promoted.IsNone || IsCaughtUp(promoted));

    private bool IsCaughtUp(MemberId id) =>
        FindProgress(id) is { } peer && IsActive(peer)
        && _log.LastIndex.Value - peer.Match.Value <= (ulong)_options.PromotionLagMax;

    /// <summary>
    /// A voter campaigns; so does one whose removal or demotion is appended and not known committed, as its vote and log may
    /// still be needed to commit that very change (§4.2.2). Right after a restart little is known committed, so every
    /// configuration from the committed one on counts; a member that is out for good is ignored by the others (pre-vote).
    /// One that lost entries may have lost a configuration too, and would be elected by the one before it.
    /// </summary>
    private bool MayCampaign => !_suspended && _loss != LogLoss.Certain && _memberships.AnyFrom(_log.Commit, IsLivingVoter);

    private bool IsLivingVoter(Membership membership) => membership.Find(_self) is { Role: MemberRole.Voter, Vacant: false };

    /// <summary>§4.2.2: a leader outside the new configuration leads, uncounted, until that configuration is committed.</summary>
    private void StepDownIfRemoved()
    {
        if (_memberships.CurrentIndex > _log.Commit || _memberships.Current.IsVoter(_self))
            return;
        FlushAppends();
        foreach (Progress peer in _progress)
        {
            if (peer.Member.Role != MemberRole.Voter || !IsReachable(peer) || peer.Match != _log.LastIndex)
                continue;
            _messages.Add(new TimeoutNow(_self, peer.Id, _term));
            break;
        }
        BecomeFollower(_term, MemberId.None);
    }

    /// <summary>Another leader's log has come: what we meant to found gives way to it.</summary>
    private void ForgetFounding()
    {
        if (!_founding)
            return;
        _founding = false;
        _memberships.ForgetInitial();
    }

    private void RefreshProgress()
    {
        if (_role != RaftRole.Leader)
            return;
        ImmutableArray<Member> members = _memberships.Current.Members;
        var progress = new Progress[members.Length];
        for (int i = 0; i < members.Length; i++)
        {
            progress[i] = FindProgress(members[i].Id) ?? NewProgress(members[i]);
            progress[i].Member = members[i];
        }
        _progress = progress;
        if (!_memberships.Current.IsVoter(_transferTarget))
            _transferTarget = MemberId.None;
    }

    private Progress NewProgress(Member member) =>
        new(member, new InflightWindow(_options.InflightAppendsMax, _options.InflightBytesMax))
        {
            Next = _log.LastIndex.Next(),
            HeardAt = _now,
        };

    private ImmutableArray<MemberProgress> DescribeProgress()
    {
        if (_role != RaftRole.Leader)
            return [new MemberProgress(_self, _log.Stable, _log.LastIndex.Next(), RecentlyActive: true, Snapshotting: false)];
        var builder = ImmutableArray.CreateBuilder<MemberProgress>(_progress.Length);
        foreach (Progress peer in _progress)
        {
            builder.Add(peer.Id == _self
                ? new MemberProgress(_self, _log.Stable, _log.LastIndex.Next(), RecentlyActive: true, Snapshotting: false)
                : new MemberProgress(peer.Id, peer.Match, peer.Next, IsActive(peer), peer.State == ProgressState.Snapshot));
        }
        return builder.MoveToImmutable();
    }
}
