namespace GaleLb.Raft;

/// <content>Elections (thesis §3.4, §3.6.1), pre-vote (§9.6), check-quorum and leader stickiness (§4.2.3, §6.2).</content>
public sealed partial class RaftNode
{
    private readonly VoteTally _votes = new();
    private int _electionElapsed;
    private int _electionTimeout;

    /// <summary>Told to step down for lack of disk: no campaign until <see cref="Campaign"/>.</summary>
    private bool _suspended;

    /// <summary>A leader was heard within the shortest election timeout; a leader always has heard itself (it steps down otherwise).</summary>
    private bool IsLeaderFresh => _role == RaftRole.Leader || (!_leader.IsNone && _electionElapsed < _options.ElectionTicks);

    /// <summary>Campaigns now, and lifts a <see cref="StepDown"/>. Nothing happens at a leader or at a member that is no voter.</summary>
    public void Campaign()
    {
        _suspended = false;
        if (_role != RaftRole.Leader && MayCampaign)
            BecomePreCandidate();
    }

    /// <summary>Gives up leadership without a successor, and does not campaign until told (a full disk).</summary>
    public void StepDown()
    {
        _suspended = true;
        if (_role != RaftRole.Follower)
            BecomeFollower(_term, MemberId.None);
    }

    private void TickElection()
    {
        _electionElapsed++;
        if (_electionElapsed < _electionTimeout)
            return;
        if (MayCampaign)
        {
            BecomePreCandidate();
            return;
        }
        ResetElectionTimer();
        ForgetLeader();
    }

    private void ResetElectionTimer()
    {
        _electionElapsed = 0;
        _electionTimeout = _options.ElectionTicks + _jitter.Next(_options.ElectionTicks);
    }

    private void BecomeFollower(Term term, MemberId leader)
    {
        if (_role == RaftRole.Leader)
            LeaveLeadership();
        if (term > _term)
        {
            (_term, _vote) = (term, MemberId.None);
            ForgetRecoveryTarget();
        }
        _role = RaftRole.Follower;
        if (_leader != leader)
        {
            ForgetLeader();
            _leader = leader;
        }
        ResetElectionTimer();
    }

    private void ForgetLeader()
    {
        _leader = MemberId.None;
        FailAllReads();
    }

    private void BecomePreCandidate()
    {
        _role = RaftRole.PreCandidate;
        ForgetLeader();
        ResetElectionTimer();
        _votes.Clear();
        _votes.Record(_self, granted: true, _loss == LogLoss.Possible);
        foreach (Member member in _memberships.Current.Members)
            if (IsReachableVoter(member))
                _messages.Add(new VoteRequest(_self, member.Id, _term.Next(), PreVote: true, _log.LastIndex, _log.LastTerm, Transfer: false));
        CountPreVotes();
    }

    /// <summary>
    /// Asks for votes; <paramref name="transfer"/> says that the leader itself wants it (§3.10). The requests leave only after the new term and our own vote are durable: were they lost in a crash, we could ask again in
    /// the same term with a shorter log and count grants that were given to the longer one.
    /// </summary>
    private void BecomeCandidate(bool transfer)
    {
        _role = RaftRole.Candidate;
        ForgetLeader();
        (_term, _vote) = (_term.Next(), _self);
        ForgetRecoveryTarget();
        ResetElectionTimer();
        _votes.Clear();
        foreach (Member member in _memberships.Current.Members)
            if (IsReachableVoter(member))
                _messagesAfterPersist.Add(new VoteRequest(_self, member.Id, _term, PreVote: false, _log.LastIndex, _log.LastTerm, transfer));
    }

    private bool IsReachableVoter(Member member) => member.Role == MemberRole.Voter && !member.Vacant && member.Id != _self;

    /// <summary>
    /// Grants by §3.6.1. Who asks need not be in our configuration, and we need not be a voter in it: either may lag behind
    /// (§4.2.3); the candidate counts only voters of its own.
    /// </summary>
    private void HandleVoteRequest(VoteRequest request)
    {
        if (IsLeaderFresh && !request.Transfer)
            return;
        bool free = _vote == request.From || (_vote.IsNone && _leader.IsNone) || (request.PreVote && request.Term > _term);
        bool granted = free && _loss != LogLoss.Certain && _log.IsUpToDate(request.LastIndex, request.LastTerm);
        if (granted && !request.PreVote)
        {
            _vote = request.From;
            ResetElectionTimer();
        }
        Term answer = request.PreVote && granted ? request.Term : _term;
        var response = new VoteResponse(_self, request.From, answer, request.PreVote, granted, _loss == LogLoss.Possible);
        if (request.PreVote)
            _messages.Add(response);
        else
            Reply(response);
    }

    private void HandleVoteResponse(VoteResponse response)
    {
        if (response.PreVote && _role == RaftRole.PreCandidate && (!response.Granted || response.Term == _term.Next()))
        {
            _votes.Record(response.From, response.Granted, response.InDoubt);
            CountPreVotes();
        }
        else if (!response.PreVote && _role == RaftRole.Candidate)
        {
            _votes.Record(response.From, response.Granted, response.InDoubt);
            CountVotes();
        }
    }

    private void CountPreVotes()
    {
        if (_votes.IsWon(_memberships.Current))
            BecomeCandidate(transfer: false);
        else if (_votes.IsLost(_memberships.Current))
            BecomeFollower(_term, MemberId.None);
    }

    private void CountVotes()
    {
        if (_votes.IsWon(_memberships.Current))
            BecomeLeader();
        else if (_votes.IsLost(_memberships.Current))
            BecomeFollower(_term, MemberId.None);
    }

    /// <summary>Our own vote counts once it is durable, like anybody's.</summary>
    private void CountOwnVote()
    {
        if (_role != RaftRole.Candidate || _hardStateDurable != new HardState(_term, _self))
            return;
        _votes.Record(_self, granted: true, _loss == LogLoss.Possible);
        CountVotes();
    }
}
