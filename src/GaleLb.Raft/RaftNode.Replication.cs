using System.Collections.Immutable;

namespace GaleLb.Raft;

/// <content>Log replication (thesis §3.5), commitment (§3.6.2), pipelining and flow control (§10.2).</content>
public sealed partial class RaftNode
{
    /// <summary>What an entry weighs beyond its payload, for windows and bounds.</summary>
    private const int EntryOverheadBytes = 32;

    private long _uncommittedBytes;

    /// <summary>Entries or a commit advance wait to be sent; done at the next ready, so that what arrives together leaves together.</summary>
    private bool _flushPending;

    public ProposalTicket Propose(ReadOnlyMemory<byte> command)
    {
        ProposalRefusal refusal = RefuseProposal(command.Length);
        return refusal == ProposalRefusal.None ? AppendOwn(EntryKind.Command, command) : new ProposalTicket(LogIndex.Zero, _term, refusal);
    }

    private ProposalRefusal RefuseProposal(int bytes)
    {
        if (_role != RaftRole.Leader)
            return ProposalRefusal.NotLeader;
        bool full = _uncommittedBytes > 0 && _uncommittedBytes + bytes + EntryOverheadBytes > _options.UncommittedBytesMax;
        return full || !_transferTarget.IsNone ? ProposalRefusal.Busy : ProposalRefusal.None;
    }

    internal ProposalTicket AppendOwn(EntryKind kind, ReadOnlyMemory<byte> payload)
    {
        var entry = new Entry(_log.LastIndex.Next(), _term, kind, payload);
        AppendToLog(entry);
        _uncommittedBytes += SizeOf(entry);
        _flushPending = true;
        return new ProposalTicket(entry.Index, entry.Term, ProposalRefusal.None);
    }

    private void AppendToLog(Entry entry)
    {
        _log.Append(entry);
        if (entry.Kind != EntryKind.Membership)
            return;
        _memberships.Append(entry.Index, MembershipCodec.Decode(entry.Payload.Span));
        RefreshProgress();
    }

    private void FlushAppends()
    {
        _flushPending = false;
        foreach (Progress peer in _progress)
            if (IsReachable(peer))
                SendAppends(peer);
    }

    /// <summary>Sends what the window allows, and the commit index if it advanced.</summary>
    private void SendAppends(Progress peer)
    {
        if (peer.State == ProgressState.Snapshot)
            return;
        while (!peer.IsPaused && (peer.Next <= _log.LastIndex || peer.State == ProgressState.Probe))
        {
            if (peer.Next <= _log.BaseIndex)
            {
                StartSnapshot(peer);
                return;
            }
            SendAppend(peer);
        }
        if (peer.State == ProgressState.Replicate && peer.CommitSent < _log.Commit)
            SendEmptyAppend(peer);
    }

    private void SendAppend(Progress peer)
    {
        LogIndex last = peer.Next.Previous();
        long bytes = 0;
        while (last < _log.LastIndex)
        {
            int size = SizeOf(_log[last.Next()]);
            if (bytes > 0 && bytes + size > _options.AppendBytesMax)
                break;
            bytes += size;
            last = last.Next();
        }
        Send(peer, _log.Slice(peer.Next, last));
        if (peer.State == ProgressState.Probe)
        {
            peer.ProbeOutstanding = true;
            return;
        }
        peer.Inflight.Add(last, (int)bytes);
        peer.Next = last.Next();
    }

    private void SendEmptyAppend(Progress peer) => Send(peer, []);

    private void Send(Progress peer, ImmutableArray<Entry> entries)
    {
        LogIndex previous = peer.Next.Previous();
        if (!_log.TryTermAt(previous, out Term term))
            return;
        peer.CommitSent = _log.Commit;
        _messages.Add(new AppendRequest(_self, peer.Id, _term, previous, term, entries, _log.Commit));
    }

    private void HandleAppendResponse(AppendResponse response)
    {
        if (Heard(response.From) is not { } peer || response.Index > _log.LastIndex)
            return;
        if (response.Accepted)
            Accepted(peer, response.Index);
        else
            Rejected(peer, response);
    }

    private void Accepted(Progress peer, LogIndex index)
    {
        if (index > peer.Match)
            peer.Match = index;
        if (peer.State == ProgressState.Probe || (peer.State == ProgressState.Snapshot && peer.Match >= _log.BaseIndex))
            peer.BecomeReplicate();
        else if (peer.Transfer is { } transfer && peer.Match >= transfer.Metadata.Index)
            peer.BecomeProbe(peer.Match.Next()); // The log was compacted further meanwhile: it needs the next snapshot.
        peer.Inflight.FreeUpTo(peer.Match);
        if (peer.Next <= peer.Match)
            peer.Next = peer.Match.Next();
        AdvanceCommitByCounting();
        if (_role != RaftRole.Leader)
            return;
        _flushPending = true;
        if (peer.Id == _transferTarget)
            PursueTransfer(peer);
    }

    /// <summary>Thesis §3.5, p. 24: the follower's hint skips a whole term at a time instead of one entry.</summary>
    private void Rejected(Progress peer, AppendResponse response)
    {
        bool stale = peer.State switch
        {
            ProgressState.Probe => response.Index != peer.Next.Previous(),
            ProgressState.Replicate => response.Index <= peer.Match,
            _ => true,
        };
        if (stale)
            return;
        if (peer.RecoveryToken != 0 && response.Index <= peer.Match)
            peer.Match = LogIndex.Zero; // It lost entries, and refuses what it once accepted.
        LogIndex hint = response.HintIndex < response.Index ? response.HintIndex : response.Index;
        LogIndex next = _log.LastAtMost(hint, response.HintTerm).Next();
        peer.BecomeProbe(next < response.Index ? next : response.Index);
        _flushPending = true;
    }

    private void HandleHeartbeatResponse(HeartbeatResponse response)
    {
        if (Heard(response.From) is not { } peer)
            return;
        if (response.ReadSequence > peer.ReadSequence)
            peer.ReadSequence = response.ReadSequence;
        ConfirmReads();
        FollowRecovery(peer, response.RecoveryToken);
        ResumeSnapshot(peer);
        peer.ProbeOutstanding = false;
        if (peer.Match >= _log.LastIndex && peer.State == ProgressState.Replicate)
            return;
        _flushPending = true;

        // What it was sent is compacted by now, so that nothing of the window can be repeated: it needs the snapshot.
        if (peer.State == ProgressState.Replicate && peer.Match < _log.BaseIndex)
            peer.BecomeProbe(peer.Match.Next());

        // An append that was lost and had no successor is only noticed by asking: this one is refused then.
        if (peer.State == ProgressState.Replicate && (peer.Next > _log.LastIndex || peer.Inflight.IsFull))
            SendEmptyAppend(peer);
    }

    /// <summary>Thesis §3.6.2: only an entry of our own term commits by counting; it takes the earlier ones with it.</summary>
    private void AdvanceCommitByCounting()
    {
        LogIndex index = QuorumIndex();
        if (index > _log.Commit && _log.TryTermAt(index, out Term term) && term == _term)
            CommitUpTo(index);
    }

    internal void CommitUpTo(LogIndex index)
    {
        for (LogIndex i = _log.Commit.Next(); i <= index; i = i.Next())
            _uncommittedBytes -= SizeOf(_log[i]);
        _log.AdvanceCommit(index);
        _flushPending = true;
        StepDownIfRemoved();
    }

    /// <summary>The last index that a quorum of voters has durable; we count ourselves only as far as our own disk is (§10.2.1).</summary>
    internal LogIndex QuorumIndex()
    {
        Span<ulong> matches = stackalloc ulong[MembershipCodec.MembersMax];
        int count = 0;
        foreach (Progress peer in _progress)
            if (peer.Member.Role == MemberRole.Voter)
                matches[count++] = peer.Id == _self ? _log.Stable.Value : peer.Match.Value;
        return new LogIndex(QuorumValue(matches[..count]));
    }

    private ulong QuorumValue(Span<ulong> values)
    {
        values.Sort();
        return values.IsEmpty ? 0 : values[values.Length - _memberships.Current.Quorum];
    }

    private void HandleAppendRequest(AppendRequest request)
    {
        FollowLeader(request.From);
        LogIndex last = new(request.PreviousIndex.Value + (ulong)request.Entries.Length);
        if (request.PreviousIndex > _log.Commit && !_log.Matches(request.PreviousIndex, request.PreviousTerm))
        {
            LogIndex hint = request.PreviousIndex < _log.LastIndex ? request.PreviousIndex : _log.LastIndex;
            hint = _log.LastAtMost(hint, request.PreviousTerm);
            _log.TryTermAt(hint, out Term hintTerm);
            Reply(new AppendResponse(_self, request.From, _term, Accepted: false, request.PreviousIndex, hint, hintTerm));
            return;
        }
        AppendMissing(request.Entries);
        NoteMatched(last);
        _log.AdvanceCommit(request.Commit < last ? request.Commit : last);
        ReplyAccepted(request.From, last < _log.Commit ? _log.Commit : last);
    }

    /// <summary>
    /// Appends what is not there yet. Entries that are there with the same term are the same (§3.5, log matching), so that a
    /// late or repeated request truncates nothing.
    /// </summary>
    private void AppendMissing(ImmutableArray<Entry> entries)
    {
        foreach (Entry entry in entries)
        {
            if (entry.Index <= _log.BaseIndex || _log.Matches(entry.Index, entry.Term))
                continue;
            if (entry.Index <= _log.LastIndex)
                TruncateAfter(entry.Index.Previous());
            ForgetFounding();
            AppendToLog(entry);
        }
    }

    internal void TruncateAfter(LogIndex last)
    {
        _log.TruncateAfter(last);
        ClampOutstanding(last);
        if (_memberships.TruncateAfter(last))
            RefreshProgress();
    }

    private void HandleHeartbeatRequest(HeartbeatRequest request)
    {
        FollowLeader(request.From);
        _log.AdvanceCommit(MayCommitUpTo(request.Commit));
        HeedRecoveryTarget(request);
        Reply(new HeartbeatResponse(_self, request.From, _term, request.ReadSequence, _recoveryToken));
    }

    private void FollowLeader(MemberId leader)
    {
        if (_role == RaftRole.Leader)
            throw new InvalidOperationException($"Two leaders in term {_term}: {_self} and {leader}.");
        if (_role == RaftRole.Follower && _leader == leader)
            _electionElapsed = 0;
        else
            BecomeFollower(_term, leader);
    }

    private static int SizeOf(Entry entry) => entry.Payload.Length + EntryOverheadBytes;
}
