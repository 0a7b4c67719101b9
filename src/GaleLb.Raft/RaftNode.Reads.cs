namespace GaleLb.Raft;

/// <content>
/// Linearizable reads without the log (thesis §6.4): the leader notes its commit index, makes sure by a round of heartbeats
/// that it still led afterwards, and the read waits for that index to be applied.
/// </content>
public sealed partial class RaftNode
{
    private readonly ReadQueue _reads = new();
    private readonly List<ReadGrant> _readGrants = [];
    private ulong _readSequence;
    private ulong _wireToken;

    /// <summary>Asks at which index a linearizable read may be answered; the answer comes in <see cref="Ready.Reads"/>. False: too many are pending.</summary>
    public bool RequestRead(ulong token)
    {
        if (_reads.Count >= _options.PendingReadsMax)
            return false;
        var read = new PendingRead(MemberId.None, token, _now + _options.ElectionTicks, 0, LogIndex.Zero);
        if (_role == RaftRole.Leader)
            _reads.Add(read);
        else if (_role != RaftRole.Follower || _leader.IsNone)
            Fail(read);
        else
            Forward(read);
        return true;
    }

    private bool HasReadRoundToStart => _role == RaftRole.Leader && _reads.HasWaiting && HasCommittedInTerm;

    /// <summary>Until then a leader does not know which of the earlier terms' entries are committed (§6.4, step 1).</summary>
    private bool HasCommittedInTerm => _log.TryTermAt(_log.Commit, out Term term) && term == _term;

    private void Forward(PendingRead read)
    {
        _wireToken++;
        _reads.AddForwarded(_wireToken, read);
        _messages.Add(new ReadIndexRequest(_self, _leader, _term, _wireToken));
    }

    private void StartReadRound()
    {
        _readSequence++;
        _reads.StartRound(_readSequence, _log.Commit);
        BroadcastHeartbeat();
        ConfirmReads();
    }

    private void ConfirmReads()
    {
        Span<ulong> sequences = stackalloc ulong[MembershipCodec.MembersMax];
        int count = 0;
        foreach (Progress peer in _progress)
            if (peer.Member.Role == MemberRole.Voter)
                sequences[count++] = peer.Id == _self ? _readSequence : peer.ReadSequence;
        ulong confirmed = QuorumValue(sequences[..count]);
        while (_reads.TakeConfirmed(confirmed, out PendingRead read))
            Grant(read, read.Index);
    }

    private void Grant(PendingRead read, LogIndex? index)
    {
        if (read.Origin.IsNone)
            _readGrants.Add(new ReadGrant(read.Token, index));
        else
            _messages.Add(new ReadIndexResponse(_self, read.Origin, _term, read.Token, index));
    }

    private void Fail(PendingRead read) => Grant(read, null);

    private void HandleReadIndexRequest(ReadIndexRequest request)
    {
        var read = new PendingRead(request.From, request.Token, _now + _options.ElectionTicks, 0, LogIndex.Zero);
        if (_role == RaftRole.Leader && _reads.Count < _options.PendingReadsMax)
            _reads.Add(read);
        else
            Fail(read);
    }

    private void HandleReadIndexResponse(ReadIndexResponse response)
    {
        if (_reads.TakeForwarded(response.Token, out PendingRead read))
            Grant(read, response.Index);
    }

    private void ExpireReads()
    {
        while (_reads.TakeExpired(_now, out PendingRead read))
            Fail(read);
    }

    private void FailAllReads()
    {
        while (_reads.TakeExpired(long.MaxValue, out PendingRead read))
            Fail(read);
    }
}
