using GaleLb.Raft;
using GaleLb.Replica.Founding;
using GaleLb.Replica.Storage;

namespace GaleLb.Replica.Driver;

/// <summary>
/// Everything a replica does, as a synchronous state machine: <see cref="Handle"/> takes in one event, <see cref="Settle"/>
/// turns what has gathered into effects. It has no thread, clock, socket or file of its own, so that a simulator can run
/// several and replay every run. Not thread-safe.
/// </summary>
/// <remarks>
/// After one or more calls of <see cref="Handle"/> the caller calls <see cref="Settle"/>; events handled together share
/// messages and one disk batch. The clock argument is monotonic, of any origin.
/// </remarks>
public sealed partial class ReplicaDriver
{
    private readonly ReplicaOptions _options;
    private readonly ReplicaStore _store;
    private readonly IReplicatedStateMachine _machine;
    private readonly SnapshotShelf _shelf = new();
    private readonly RaftNode _core;
    private readonly FoundingPolicy _founding;
    private readonly List<ReplicaEffect> _effects = [];
    private TimeSpan _now;
    private TimeSpan _ticked;
    private RaftStatus _raft;
    private bool _stopped;

    /// <summary>Restores the newest snapshot into <paramref name="machine"/>; what is in the log behind it is applied once it is known to be committed.</summary>
    /// <exception cref="StorageException">The directory belongs to a member with another address.</exception>
    /// <exception cref="InvalidDataException">The state machine cannot read the snapshot, or the log is none.</exception>
    public ReplicaDriver(
        ReplicaOptions options, ReplicaStore store, IReplicatedStateMachine machine, IElectionJitter jitter, Func<MemberId> newId, TimeSpan now)
    {
        _options = options;
        _store = store;
        _machine = machine;
        _now = _ticked = now;
        if (store.Snapshot is { } snapshot)
        {
            machine.Restore(snapshot.Metadata, snapshot.State);
            _shelf.Add(snapshot);
            _appliedTerm = snapshot.Metadata.Term;
            _appliedMembership = snapshot.Metadata.Membership;
        }

        AppliedIndex = store.Snapshot?.Metadata.Index ?? LogIndex.Zero;
        _core = new RaftNode(store.Self, options.Raft, store.Recovery, _shelf, jitter);
        _raft = _core.Status;
        RefuseOtherAddress();
        if (!DirectoryEmpty)
            WaitOutPromises();
        _founding = new FoundingPolicy(store.Self, options.Address, options.Addresses, options.Founding, jitter, newId);
    }

    public MemberId Self => _store.Self;

    public LogIndex AppliedIndex { get; private set; }

    /// <summary>Neither log nor snapshot: this replica has no cluster yet. One whose log was lost to damage has one.</summary>
    public bool DirectoryEmpty => _raft.LastIndex == LogIndex.Zero && _raft.Loss == LogLoss.None;

    /// <summary>Takes in one event at <paramref name="now"/>.</summary>
    public void Handle(in ReplicaEvent e, TimeSpan now)
    {
        if (_stopped)
            return;
        if (now > _now)
            _now = now;
        switch (e.Kind)
        {
            case ReplicaEventKind.Time: PassTime(); break;
            case ReplicaEventKind.Message: Receive((Message)e.Subject!); break;
            case ReplicaEventKind.Proposal: Propose(e.Token, e.Bytes); break;
            case ReplicaEventKind.Read: Read(e.Token); break;
            case ReplicaEventKind.MembershipChange: ChangeMembership(e.Token, (Func<Membership, Membership>)e.Subject!); break;
            case ReplicaEventKind.Transfer: Transfer(e.Token, (MemberId)e.Subject!); break;
            case ReplicaEventKind.Introduced: Introduced((PeerIntroduction)e.Subject!); break;
            case ReplicaEventKind.DiskCompleted: DiskCompleted(e.Lane); break;
            case ReplicaEventKind.DiskFailed: DiskFailed(e.Lane, (StorageException)e.Subject!); break;
            case ReplicaEventKind.SnapshotEncoded: SnapshotEncoded((Snapshot)e.Subject!); break;
            default: throw new ArgumentOutOfRangeException(nameof(e), e.Kind, "Unknown event.");
        }
    }

    /// <summary>Appends the effects of everything handled since the last call.</summary>
    public void Settle(List<ReplicaEffect> effects)
    {
        if (!_stopped)
        {
            while (_core.HasReady)
                Take(_core.TakeReady());
            StartLogBatch();
            StartSnapshotIfDue();
            StartBackgroundBatch();
            _raft = _core.Status;
            FollowRole();
        }

        effects.AddRange(_effects);
        _effects.Clear();
    }

    private void PassTime()
    {
        // A process that was paused must not live its pause over in one instant: its timers would fire before the messages
        // that wait in its sockets are heard, and elections would be called against a healthy leader. So a pause counts as
        // a few ticks at most; a slow clock costs only time. Leases do not go by ticks.
        int ticksMax = _options.Raft.HeartbeatTicks;
        long ticks = (_now - _ticked).Ticks / _options.Tick.Ticks;
        _ticked = ticks > ticksMax ? _now : _ticked + (_options.Tick * ticks);
        for (long i = Math.Min(ticks, ticksMax); i > 0; i--)
            _core.Tick();
        NoticeStall(Math.Min(ticks, ticksMax));
        RetryLogBatch();
        ExpireRequests();
        Found();
        TendMembership();
    }

    private void Receive(Message message)
    {
        if (message.To != Self)
            return;
        if (message is VoteRequest request && (DirectoryEmpty ? !AdmitVoteRequest(message.From) : IsBoundByPromise(request)))
            return;
        try
        {
            _core.Step(message);
            Heard(message);
        }
        catch (InvalidDataException e)
        {
            Note($"A message of member {message.From} was dropped: {e.Message}");
        }
    }

    /// <summary>A ready's part that needs no disk is done at once; the rest joins the next batch.</summary>
    private void Take(Ready ready)
    {
        foreach (Message message in ready.Messages)
            _effects.Add(ReplicaEffect.Send(message));
        if (ready.Snapshot is { } snapshot)
            Restore(snapshot);
        if (ready.NeedsPersist)
            _pending.Add(ready);
        if (ready.Recovered)
        {
            IncompleteFile.Remove(_removals);
            Note("The log is complete again, so that this replica's vote counts as before.");
        }

        Apply(ready.Committed);
        foreach (ReadGrant grant in ready.Reads)
            Granted(grant);
        CompleteReads();
    }

    private void RefuseOtherAddress()
    {
        if (_raft.Membership.Find(Self) is { } member && member.Address != _options.Address)
            throw new StorageException(
                StorageFault.Mismatch,
                $"This directory is member {Self} at {member.Address}, but the configuration says that this replica is {_options.Address}. " +
                "Restore the address, or start with an empty directory and replace the member (galectl cluster replace ID ADDRESS).");
    }

    private void Note(string text) => _effects.Add(ReplicaEffect.Note(text));

    private void Stop(string reason)
    {
        _stopped = true;
        _effects.Add(ReplicaEffect.Fatal(reason));
    }
}
