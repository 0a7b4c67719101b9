using System.Collections.Immutable;

namespace GaleLb.Raft;

/// <summary>
/// The consensus core of one member: a synchronous state machine without clock, task, socket, file or logger. Messages go
/// in through <see cref="Step"/>, time through <see cref="Tick"/>, and work comes out through <see cref="TakeReady"/>.
/// Not thread-safe; one caller at a time.
/// </summary>
/// <remarks>After Ongaro, "Consensus: Bridging Theory and Practice" (2014), whose section numbers the comments cite.</remarks>
public sealed partial class RaftNode
{
    private readonly MemberId _self;
    private readonly RaftOptions _options;
    private readonly ISnapshotSource _snapshots;
    private readonly IElectionJitter _jitter;
    private readonly RaftLog _log;
    private readonly MembershipHistory _memberships;

    private Term _term;
    private MemberId _vote;
    private RaftRole _role = RaftRole.Follower;
    private MemberId _leader;

    /// <summary>Ticks since construction: the only time there is.</summary>
    private long _now;

    /// <exception cref="InvalidDataException">What was recovered is not a log: it has a gap, or terms that decrease.</exception>
    public RaftNode(MemberId self, RaftOptions options, RaftRecovery recovery, ISnapshotSource snapshots, IElectionJitter jitter)
    {
        if (self.IsNone)
            throw new ArgumentException("A member needs an id other than zero.", nameof(self));
        _self = self;
        _options = options;
        _snapshots = snapshots;
        _jitter = jitter;

        LogIndex baseIndex = recovery.Snapshot?.Index ?? LogIndex.Zero;
        Term baseTerm = recovery.Snapshot?.Term ?? Term.Zero;
        List<Entry> entries = CheckRecovered(baseIndex, baseTerm, recovery.Entries);
        _log = new RaftLog(baseIndex, baseTerm, entries);
        _memberships = new MembershipHistory(baseIndex, recovery.Snapshot?.Membership ?? Membership.Empty);
        foreach (Entry entry in entries)
            if (entry.Kind == EntryKind.Membership)
                _memberships.Append(entry.Index, MembershipCodec.Decode(entry.Payload.Span));

        // A crash between the writes of one batch may keep entries of a term without the term. No vote was given in it then.
        (_term, _vote) = recovery.HardState;
        if (_log.LastTerm > _term)
            (_term, _vote) = (_log.LastTerm, MemberId.None);
        _hardStateEmitted = _hardStateDurable = recovery.HardState;

        // Answers to reads forwarded by an earlier incarnation of this member must not be taken for answers to ours.
        _wireToken = (ulong)_jitter.Next(int.MaxValue) << 32;
        _loss = recovery.Loss;
        if (IsIncomplete)
            _recoveryToken = 1 + (ulong)_jitter.Next(int.MaxValue);
        ResetElectionTimer();
    }

    public RaftStatus Status => new(
        _self, _role, _term, _leader, _log.FirstIndex, _log.LastIndex, _log.Commit, _memberships.Current, DescribeProgress(), _loss);

    /// <summary>The configuration in force at <paramref name="index"/>, for naming a snapshot there. It must not be compacted.</summary>
    public Membership MembershipAt(LogIndex index) => _memberships.At(index);

    internal LogLoss Loss => _loss;
    internal RaftRole Role => _role;
    internal Term Term => _term;
    internal MemberId Leader => _leader;
    internal Membership Membership => _memberships.Current;
    internal RaftLog Log => _log;

    /// <summary>One tick of time has passed.</summary>
    public void Tick()
    {
        _now++;
        ExpireReads();
        if (_role == RaftRole.Leader)
            TickLeader();
        else
            TickElection();
    }

    /// <summary>A message arrived. One for another member, or from a term gone by, is ignored as the thesis says.</summary>
    /// <exception cref="InvalidDataException">The message is malformed; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">An invariant of the protocol is broken: this member must not go on.</exception>
    public void Step(Message message)
    {
        if (message.To != _self || message.From == _self || message.From.IsNone)
            return;
        CheckWellFormed(message);
        if (message.Term > _term && !AdoptTerm(message))
            return;
        if (message.Term < _term)
        {
            AnswerStale(message);
            return;
        }
        switch (message)
        {
            case VoteRequest request: HandleVoteRequest(request); break;
            case VoteResponse response: HandleVoteResponse(response); break;
            case AppendRequest request: HandleAppendRequest(request); break;
            case AppendResponse response: HandleAppendResponse(response); break;
            case HeartbeatRequest request: HandleHeartbeatRequest(request); break;
            case HeartbeatResponse response: HandleHeartbeatResponse(response); break;
            case SnapshotChunk chunk: HandleSnapshotChunk(chunk); break;
            case SnapshotChunkResponse response: HandleSnapshotChunkResponse(response); break;
            case ReadIndexRequest request: HandleReadIndexRequest(request); break;
            case ReadIndexResponse response: HandleReadIndexResponse(response); break;
            case TimeoutNow now: HandleTimeoutNow(now); break;
            default: throw new InvalidDataException($"A message of unknown type {message.GetType().Name} arrived.");
        }
    }

    /// <summary>Takes up the later term of a message (thesis §3.3). False: the message is to be ignored.</summary>
    private bool AdoptTerm(Message message)
    {
        switch (message)
        {
            // A pre-vote asks about a term that nobody has entered yet.
            case VoteRequest { PreVote: true }:
            case VoteResponse { PreVote: true, Granted: true }:
                return true;
            case VoteRequest { Transfer: false } when IsLeaderFresh:
                return false;
            case AppendRequest or HeartbeatRequest or SnapshotChunk or TimeoutNow:
                BecomeFollower(message.Term, message.From);
                return true;
            default:
                BecomeFollower(message.Term, MemberId.None);
                return true;
        }
    }

    /// <summary>
    /// A sender of an earlier term learns ours. Without this a member that came back with a later term would never be
    /// reached: it ignores its leader, and the leader, hearing nothing, never steps aside (pre-vote keeps it from asking).
    /// </summary>
    private void AnswerStale(Message message)
    {
        switch (message)
        {
            case VoteRequest request:
                Reply(new VoteResponse(_self, request.From, _term, request.PreVote, Granted: false));
                break;
            case AppendRequest or HeartbeatRequest or SnapshotChunk:
                Reply(new HeartbeatResponse(_self, message.From, _term, 0, _recoveryToken));
                break;
        }
    }

    private static List<Entry> CheckRecovered(LogIndex baseIndex, Term baseTerm, ImmutableArray<Entry> recovered)
    {
        var entries = new List<Entry>(recovered.Length);
        (LogIndex last, Term term) = (baseIndex, baseTerm);
        foreach (Entry entry in recovered)
        {
            if (entry.Index <= baseIndex)
                continue;
            if (entry.Index != last.Next())
                throw new InvalidDataException($"Recovered log: entry {last.Next()} expected, found {entry.Index}.");
            if (entry.Term < term)
                throw new InvalidDataException($"Recovered log: entry {entry.Index} has term {entry.Term}, the one before it {term}.");
            (last, term) = (entry.Index, entry.Term);
            entries.Add(entry);
        }
        return entries;
    }

    private static void CheckWellFormed(Message message)
    {
        switch (message)
        {
            case AppendRequest append:
                (LogIndex index, Term term) = (append.PreviousIndex, append.PreviousTerm);
                foreach (Entry entry in append.Entries)
                {
                    index = index.Next();
                    if (entry.Index != index || entry.Term < term || entry.Term > append.Term)
                        throw new InvalidDataException($"Append from {append.From} in term {append.Term}: entry {entry.Index} of term {entry.Term} stands where entry {index} of a term from {term} was expected.");
                    term = entry.Term;
                    if (entry.Kind == EntryKind.Membership)
                        _ = MembershipCodec.Decode(entry.Payload.Span);
                }
                break;
            case SnapshotChunk chunk when chunk.Offset < 0 || chunk.Offset > chunk.TotalBytes - chunk.Bytes.Length:
                throw new InvalidDataException($"Snapshot chunk from {chunk.From}: {chunk.Bytes.Length} bytes at {chunk.Offset} do not lie within {chunk.TotalBytes}.");
        }
    }
}
