using GaleLb.Raft;
using GaleLb.Replica.Driver;
using GaleLb.Replica.Execution;
using GaleLb.Replica.Storage;

namespace GaleLb.Replica;

/// <summary>
/// Runs a <see cref="ReplicaDriver"/>: one thread feeds it events and carries out its effects, one thread a disk lane waits
/// for the disk. All decisions are the driver's.
/// </summary>
public sealed partial class RaftReplica : IReplica, IAsyncDisposable
{
    private readonly ReplicaOptions _options;
    private readonly IDisk _disk;
    private readonly ReplicaDriver _driver;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly EventQueue _queue;
    private readonly Dictionary<ulong, object> _completions = [];
    private readonly List<ReplicaEffect> _effects = [];
    private readonly TaskCompletionSource<string> _fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IPeerTransport _transport = null!;
    private IReplicaObserver _observer = null!;
    private DiskWorker? _logWorker;
    private DiskWorker? _backgroundWorker;
    private ITimer? _timer;
    private Thread? _loop;
    private TimeSpan _ticked;
    private ulong _tokens;
    private long _turns;
    private bool _disposed;
    private volatile bool _stopping;
    private volatile ReplicaStatus _status;

    private RaftReplica(ReplicaOptions options, IDisk disk, ReplicaStore store, IReplicatedStateMachine machine, TimeProvider time, IReplicaRandomness randomness)
    {
        _options = options;
        _disk = disk;
        _time = time;
        _started = time.GetTimestamp();
        _driver = new ReplicaDriver(options, store, machine, randomness, randomness.NewMemberId, TimeSpan.Zero);
        _queue = new EventQueue(options.InboundMessagesMax, options.InboundRequestsMax);
        _status = _driver.Status;
        Recovery = store.Report;
    }

    public MemberId Self => _driver.Self;

    public ReplicaStatus Status => _status;

    /// <summary>Rounds of the loop so far, one a tick at least: while this grows, the replica's thread is alive.</summary>
    public long Turns => Volatile.Read(ref _turns);

    /// <summary>What was found on disk.</summary>
    public RecoveryReport Recovery { get; }

    /// <summary>Completes with the reason when the process must end: go on, and what was acknowledged may be lost.</summary>
    public Task<string> Fatal => _fatal.Task;

    /// <summary>
    /// Recovers from <paramref name="disk"/>, which the replica owns from here on, and restores the newest snapshot into
    /// <paramref name="machine"/>. Nothing runs until <see cref="Start"/>.
    /// </summary>
    /// <exception cref="StorageException">The directory cannot be used; the message is meant for the operator.</exception>
    /// <exception cref="InvalidDataException">The state machine cannot read the snapshot.</exception>
    public static RaftReplica Open(
        ReplicaOptions options, IDisk disk, IReplicatedStateMachine machine, TimeProvider time, IReplicaRandomness randomness)
    {
        try
        {
            ReplicaStore store = ReplicaStore.Open(disk, options.Store, randomness.NewMemberId);
            return new RaftReplica(options, disk, store, machine, time, randomness);
        }
        catch
        {
            disk.Dispose();
            throw;
        }
    }

    /// <summary>Takes part in the cluster from now on; once.</summary>
    public void Start(IPeerTransport transport, IReplicaObserver observer)
    {
        if (_loop is not null)
            throw new InvalidOperationException("The replica runs already.");
        _transport = transport;
        _observer = observer;
        _logWorker = new DiskWorker("replica-log", _disk, e => _queue.Post(e), Crashed);
        _backgroundWorker = new DiskWorker("replica-background", _disk, e => _queue.Post(e), Crashed);
        _loop = new Thread(Run) { IsBackground = true, Name = "replica" };
        _loop.Start();
        if (Recovery.TruncatedBytes > 0)
            observer.Noted(
                $"The WAL ended in {Recovery.TruncatedBytes} bytes of a write that never finished; they were cut off." +
                (Recovery.TailSuspect ? " An intact record lay behind the break, as after a reordered write or damage to the last one." : ""));
        if (Recovery.Damage is { } damage)
            observer.Noted($"The log was damaged and put aside as damaged-*; the others make a new one complete. {damage}");
        if (_status.Loss == LogLoss.Certain)
            observer.Noted("This replica has lost what it once acknowledged: it has no vote until the others have made its log complete.");
        else if (_status.Loss == LogLoss.Possible)
            observer.Noted("This replica may have lost what it last acknowledged: until its log is complete its vote counts only where all voters agree.");
        _timer = _time.CreateTimer(_ => _queue.Wake(), null, TimeSpan.Zero, _options.Tick);
    }

    public Task<ProposalResult> ProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellation)
    {
        TaskCompletionSource<ProposalResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.TryPostRequest(ReplicaEvent.Proposal(NextToken(), command), completion)
            ? Cancellable(completion.Task, cancellation)
            : Task.FromResult(Refused());
    }

    public Task<ReadResult> ReadBarrierAsync(CancellationToken cancellation)
    {
        TaskCompletionSource<ReadResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.TryPostRequest(ReplicaEvent.Read(NextToken()), completion)
            ? Cancellable(completion.Task, cancellation)
            : Task.FromResult(new ReadResult(null));
    }

    /// <remarks><paramref name="change"/> runs on the replica's thread; what it throws fails the task.</remarks>
    public Task<ProposalResult> ChangeMembershipAsync(Func<Membership, Membership> change, CancellationToken cancellation)
    {
        TaskCompletionSource<ProposalResult> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Membership Guarded(Membership present)
        {
            try
            {
                return change(present);
            }
            catch (Exception e)
            {
                // The unchanged membership is refused, so nothing is proposed.
                completion.TrySetException(e);
                return present;
            }
        }

        return _queue.TryPostRequest(ReplicaEvent.MembershipChange(NextToken(), Guarded), completion)
            ? Cancellable(completion.Task, cancellation)
            : Task.FromResult(Refused());
    }

    public Task<bool> TransferLeadershipAsync(MemberId to, CancellationToken cancellation)
    {
        TaskCompletionSource<bool> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.TryPostRequest(ReplicaEvent.Transfer(NextToken(), to), completion)
            ? Cancellable(completion.Task, cancellation)
            : Task.FromResult(false);
    }

    /// <summary>A peer's message arrived. False: too many wait, and it was dropped.</summary>
    public bool Receive(Message message) => _queue.TryPostMessage(ReplicaEvent.Message(message));

    /// <summary>A peer said what it is: on every connection, and whenever that changes.</summary>
    public void Introduced(PeerIntroduction peer) => _queue.Post(ReplicaEvent.Introduced(peer));

    /// <summary>Stops taking part, waits for the disk work under way, and releases the directory. What waits ends as unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        _stopping = true;
        _queue.Close();
        if (_timer is not null)
            await _timer.DisposeAsync();
        await Task.Run(() =>
        {
            _loop?.Join();
            _logWorker?.Dispose();
            _backgroundWorker?.Dispose();
            _disk.Dispose();
        });
    }

    private static Task<T> Cancellable<T>(Task<T> task, CancellationToken cancellation) =>
        cancellation.CanBeCanceled ? task.WaitAsync(cancellation) : task;

    private ulong NextToken() => Interlocked.Increment(ref _tokens);

    private ProposalResult Refused() => new(ProposalOutcome.Busy, LogIndex.Zero, _status.Leader, default);
}
