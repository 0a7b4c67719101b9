using System.Collections.Immutable;

namespace GaleLb.Raft;

/// <content>What goes out, and what is known to be durable. See <see cref="Ready"/> for the caller's obligations.</content>
public sealed partial class RaftNode
{
    private readonly List<Message> _messages = [];
    private readonly List<Message> _messagesAfterPersist = [];
    private readonly Queue<Outstanding> _outstanding = new();
    private HardState _hardStateEmitted;
    private HardState _hardStateDurable;
    private ulong _sequence;

    public bool HasReady =>
        _messages.Count > 0
        || _messagesAfterPersist.Count > 0
        || _readGrants.Count > 0
        || _snapshotReceived is not null
        || _hardStateEmitted != new HardState(_term, _vote)
        || _log.HasUnemitted
        || _log.HasDeliverable
        || _flushPending
        || _recovered
        || HasReadRoundToStart;

    /// <summary>Takes the work that has gathered; it is not handed out again.</summary>
    public Ready TakeReady()
    {
        if (HasReadRoundToStart)
            StartReadRound();
        if (_flushPending)
            FlushAppends();
        var hardState = new HardState(_term, _vote);
        var ready = new Ready
        {
            Sequence = ++_sequence,
            HardState = hardState == _hardStateEmitted ? null : hardState,
            Snapshot = _snapshotReceived,
            Entries = _log.TakeUnemitted(),
            Messages = Take(_messages),
            MessagesAfterPersist = Take(_messagesAfterPersist),
            Committed = _log.TakeDeliverable(),
            Reads = Take(_readGrants),
            Recovered = _recovered,
        };
        _recovered = false;
        _hardStateEmitted = hardState;
        _snapshotReceived = null;
        if (ready.NeedsPersist)
            _outstanding.Enqueue(new Outstanding(_sequence, hardState) { DurableTo = _log.Emitted });
        return ready;
    }

    /// <summary>All readies up to <paramref name="sequence"/> are durable.</summary>
    public void Persisted(ulong sequence)
    {
        if (sequence > _sequence)
            throw new InvalidOperationException($"Ready {sequence} was reported durable, but only {_sequence} were handed out.");
        bool any = false;
        while (_outstanding.TryPeek(out Outstanding? oldest) && oldest.Sequence <= sequence)
        {
            _outstanding.Dequeue();
            _log.AdvanceStable(oldest.DurableTo);
            _hardStateDurable = oldest.HardState;
            any = true;
        }
        if (!any)
            return;
        CountOwnVote();
        RecoverIfComplete();
        if (_role == RaftRole.Leader)
            AdvanceCommitByCounting();
    }

    /// <summary>The state machine has applied up to <paramref name="index"/>.</summary>
    public void Applied(LogIndex index) => _log.AdvanceApplied(index);

    /// <summary>An answer that speaks in the name of our term and vote: it waits until they are durable.</summary>
    private void Reply(Message message)
    {
        bool durable = _hardStateDurable == new HardState(_term, _vote);
        (durable ? _messages : _messagesAfterPersist).Add(message);
    }

    /// <summary>Tells a leader that our log matches its own up to <paramref name="index"/>, once that much is durable.</summary>
    private void ReplyAccepted(MemberId leader, LogIndex index)
    {
        var response = new AppendResponse(_self, leader, _term, Accepted: true, index, LogIndex.Zero, Term.Zero);
        if (index <= _log.Stable)
            Reply(response);
        else
            _messagesAfterPersist.Add(response);
    }

    /// <summary>
    /// What is on its way to disk and was cut from the log since does not become durable log:
    /// (1) entries 5–7 go out, (2) a new leader replaces 6 and 7, (3) the first write completes: only 5 is durable.
    /// </summary>
    private void ClampOutstanding(LogIndex last)
    {
        foreach (Outstanding outstanding in _outstanding)
            if (outstanding.DurableTo > last)
                outstanding.DurableTo = last;
    }

    private static ImmutableArray<T> Take<T>(List<T> list)
    {
        if (list.Count == 0)
            return [];
        ImmutableArray<T> taken = [.. list];
        list.Clear();
        return taken;
    }

    /// <summary>A ready that is not known to be durable yet, and the log index that is once it is.</summary>
    private sealed class Outstanding(ulong sequence, HardState hardState)
    {
        public ulong Sequence { get; } = sequence;
        public HardState HardState { get; } = hardState;
        public LogIndex DurableTo { get; set; }
    }
}
