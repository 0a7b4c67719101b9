using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Replica.Driver;
using GaleLb.Replica.Storage;
using GaleLb.Replica.Wire;
using GaleLb.Simulation.Faults;
using GaleLb.TestKit;

namespace GaleLb.Simulation.Replicas;

/// <summary>
/// A replica as it ships: driver, founding, WAL, snapshots, wire codec and state machine, around a disk that forgets. The simulation
/// stands where the thin executor does.
/// </summary>
internal sealed partial class DriverMember : SimulatedMember
{
    /// <summary>Tokens of membership changes and transfers, whose outcome nobody waits for.</summary>
    private const ulong UnattendedToken = 1UL << 63;

    private const int SectorBytes = 512;

    /// <summary>An address of the right form at which nobody ever is.</summary>
    private const string Nobody = "10.0.9.9:9090";

    private readonly ImmutableArray<string> _list;
    private ReplicaOptions _options;
    private readonly SimulatedDisk _medium = new();
    private readonly FaultyDisk _disk;
    private readonly List<DiskBatch> _underWay = [];
    private readonly List<ReplicaEffect> _effects = [];
    private ReplicaDriver? _driver;
    private ObservedMachine _machine;
    private ulong _unattended = UnattendedToken;
    private TimeSpan _clock;
    private long _clockReadAt;

    public DriverMember(MemberId id, ReplicaOptions options, ISimulationHost host)
        : base(id, options.Address, host)
    {
        _options = options;
        _list = options.Addresses;
        _disk = new FaultyDisk(_medium, host);
        _machine = new ObservedMachine(this, host);
    }

    public override RaftRole Role => Core.Role;
    public override Term Term => Core.Term;
    public override LogIndex Commit => Core.Log.Commit;
    public override LogIndex LastIndex => Core.Log.LastIndex;
    public override LogIndex Applied => Driver.AppliedIndex;
    public override Membership Membership => Core.Membership;
    public override MemberId Leader => Core.Leader;
    public override LogLoss Loss => Core.Loss;
    public override ulong? StateDigest => null;

    public override bool HoldsLease =>
        _options.LeaseReads && Role == RaftRole.Leader && LeaseTermOf(Driver) == Term && LeaseForbiddenOf(Driver) != Term && ClockNow < LeaseUntilOf(Driver);

    /// <summary>Runs at the member's own rate, in a pause too.</summary>
    private TimeSpan ClockNow => _clock + TimeSpan.FromMicroseconds((Host.Now - _clockReadAt) * 10_000.0 / TickMicroseconds);

    public override bool IsListed => _options.Addresses == _list;

    public State.ClusterState State => _machine.State;
    private ReplicaDriver Driver => _driver ?? throw new InvalidOperationException($"{Id} is down.");
    private RaftNode Core => CoreOf(Driver);

    /// <summary>What this replica tells others when it meets them.</summary>
    public PeerIntroduction Introduction => new(Id, Address, Driver.DirectoryEmpty, _options.Addresses);

    public override bool TryTermAt(LogIndex index, out Term term) => Core.Log.TryTermAt(index, out term);

    /// <summary>A start that finds no space, or is cut short by another crash, is tried again later.</summary>
    public override void Start()
    {
        Incarnation++;
        _clockReadAt = Host.Now;
        _options = _options with { Addresses = DrawList() };
        _machine = new ObservedMachine(this, Host);
        try
        {
            ReplicaStore store = ReplicaStore.Open(_disk, _options.Store, () => Id);
            if (store.Report.Damage is { } damage && !IsDamaged)
                throw new SimulationFailure("Storage", $"{Id}: took what crashes left for damage: {damage}");
            _driver = new ReplicaDriver(_options, store, _machine, Host.Random, () => new MemberId(Host.Random.NextUInt64() | 1), _clock);
        }
        catch (StorageException e) when (e.Fault is StorageFault.Full or StorageFault.Failed)
        {
            Host.Ended(this, e.Message);
            return;
        }
        catch (StorageException e)
        {
            throw new SimulationFailure("Storage", $"{Id}: {e.Message}");
        }
        IsUp = true;
        Host.Oracles.Started(this);
        Meet();
    }

    public override void Crash(bool processOnly = false)
    {
        bool machineToo = !processOnly && Host.Random.Next(4) != 0;
        foreach (DiskBatch batch in _underWay)
            ExecuteSome(batch);
        _underWay.Clear();
        if (machineToo)
            _medium.Crash(Host.Random.Next);
        IsUp = false;
        _driver = null;
        Incarnation++;
    }

    public override void Tick()
    {
        Take(ReplicaEvent.Time());
    }

    public override void Receive(Message message)
    {
        if (PlantOnReceive(message) is { } heard)
            Take(ReplicaEvent.Message(heard));
    }

    public override void Propose(ulong order, ReadOnlyMemory<byte> payload) => Take(ReplicaEvent.Proposal(order, payload));

    public override void Read(ulong token) => Take(ReplicaEvent.Read(token));

    public override void ChangeMembership(Func<Membership, Membership> change) => Take(ReplicaEvent.MembershipChange(++_unattended, change));

    public override void Transfer(MemberId to) => Take(ReplicaEvent.Transfer(++_unattended, to));

    public void Introduced(PeerIntroduction peer) => Take(ReplicaEvent.Introduced(peer));

    /// <summary>The replica's own founding policy does this.</summary>
    public override void Found(Membership membership)
    {
    }

    public override void FailDisk()
    {
        if (Host.Random.Next(2) == 0)
            _disk.FailNext = true;
        else
            _medium.CapacityBytes = _medium.List().Sum(f => _medium.Length(f)) + Host.Random.Next(6_000);
    }

    public override void HealDisk()
    {
        _disk.FailNext = false;
        _medium.CapacityBytes = long.MaxValue;
    }

    /// <summary>
    /// Somewhere in the log or a snapshot, in half the cases where the log was last written: a bit is flipped, or a sector is lost,
    /// or holds what was meant for another place.
    /// </summary>
    public override void Damage()
    {
        List<string> files = [.. _medium.List().Where(f => f.StartsWith("wal-", StringComparison.Ordinal) || f.StartsWith("snapshot-", StringComparison.Ordinal))];
        bool atEnd = Host.Random.Next(2) == 0;
        if (atEnd)
            files.RemoveAll(f => !f.StartsWith("wal-", StringComparison.Ordinal));
        string file = atEnd ? files.FindLast(f => WrittenBytes(f) > 64) ?? files[^1] : Host.Random.Pick(files);
        int end = WrittenBytes(file);
        if (end == 0)
            return;
        int offset = atEnd ? Math.Max(0, end - 1 - Host.Random.Next(200)) : Host.Random.Next(end);
        switch (Host.Random.Next(3))
        {
            case 0: _medium.Flip(file, offset, (byte)(1 << Host.Random.Next(8))); break;
            case 1: PutSector(file, offset, new byte[SectorBytes]); break;
            default: PutSector(file, offset, AnySector()); break;
        }
    }

    private byte[] AnySector()
    {
        string file = Host.Random.Pick(_medium.List());
        byte[] sector = new byte[SectorBytes];
        _medium.Read(file, Host.Random.Next(1 + (int)(_medium.Length(file) / SectorBytes)) * (long)SectorBytes, sector);
        return sector;
    }

    private void PutSector(string file, int offset, byte[] sector)
    {
        int start = offset / SectorBytes * SectorBytes;
        byte[] present = new byte[SectorBytes];
        int length = _medium.Read(file, start, present);
        for (int i = 0; i < length; i++)
            if (present[i] != sector[i])
                _medium.Flip(file, start + i, (byte)(present[i] ^ sector[i]));
    }

    private int WrittenBytes(string file)
    {
        byte[] bytes = new byte[_medium.Length(file)];
        _medium.Read(file, 0, bytes);
        return bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_core")]
    private static extern ref RaftNode CoreOf(ReplicaDriver driver);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_leaseUntil")]
    private static extern ref TimeSpan LeaseUntilOf(ReplicaDriver driver);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_leaseTerm")]
    private static extern ref Term LeaseTermOf(ReplicaDriver driver);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_leaseForbidden")]
    private static extern ref Term LeaseForbiddenOf(ReplicaDriver driver);

    private void ReadClock()
    {
        bool standsStill = Host.Bug == PlantedBug.LeaseOutlivesPause && Host.Now - _clockReadAt > 100_000;
        _clock = standsStill ? _clock : ClockNow;
        _clockReadAt = Host.Now;
    }

    private void Take(in ReplicaEvent e)
    {
        ReadClock();
        Driver.Handle(e, _clock);
        Driver.Settle(_effects);
        ReplicaEffect[] effects = [.. _effects];
        _effects.Clear();
        foreach (ReplicaEffect effect in effects)
        {
            if (Host.Faulty && Host.Random.Chance(Host.Profile.CrashBetweenEffects))
                Host.Ended(this, "crashed between two effects");
            if (!IsUp)
                return;
            CarryOut(effect);
        }
        if (IsUp)
            Host.Oracles.Stepped(this);
    }

    private void CarryOut(in ReplicaEffect effect)
    {
        switch (effect.Kind)
        {
            case ReplicaEffectKind.Send:
                Host.Send(MessageCodec.Decode(MessageCodec.Encode(effect.Message)));
                break;
            case ReplicaEffectKind.Disk:
                DiskBatch batch = effect.Batch;
                _underWay.Add(batch);
                Host.After(this, Host.Random.Between(20, Host.Profile.DiskDelayMax), () => Execute(batch));
                break;
            case ReplicaEffectKind.CompleteProposal when effect.Token < UnattendedToken:
                Host.OrderCompleted(effect.Token, OutcomeOf(effect.Proposal.Outcome), effect.Proposal.Index);
                break;
            case ReplicaEffectKind.CompleteRead:
                Host.ReadCompleted(effect.Token, effect.Index, Applied);
                break;
            case ReplicaEffectKind.EncodeSnapshot:
                (SnapshotMetadata metadata, IStateCapture capture) = (effect.Metadata!, effect.Capture);
                Host.After(this, Host.Random.Between(100, 100_000), () => Take(ReplicaEvent.SnapshotEncoded(new Snapshot(metadata, capture.Encode()))));
                break;
            case ReplicaEffectKind.Note:
                Host.Note(this, effect.Text);
                break;
            case ReplicaEffectKind.Fatal:
                // Only what the disk did may end a replica; a broken invariant of its own is a finding.
                Host.Ended(this, effect.Text);
                break;
        }
    }

    private void Execute(DiskBatch batch)
    {
        if (DiskStalled)
        {
            Host.After(this, 50_000, () => Execute(batch));
            return;
        }
        _underWay.Remove(batch);
        Take(batch.Execute(_disk) is { } failure ? ReplicaEvent.DiskFailed(batch.Lane, failure) : ReplicaEvent.DiskCompleted(batch.Lane));
    }

    private void ExecuteSome(DiskBatch batch)
    {
        int count = Host.Random.Next(batch.Operations.Count - batch.Next + 1);
        try
        {
            for (int i = 0; i < count; i++)
                _disk.Execute(batch.Operations[batch.Next + i]);
        }
        catch (StorageException)
        {
            // The process is ending anyway; what the failed operation left is what a real one would.
        }
    }

    /// <summary>
    /// Now and then somebody has changed the configured list while the replica was down: one address less, or one too many. Two
    /// lists that miss one each still have no disjoint majorities where their number is odd; where it is even, who changes them so
    /// orders two clusters.
    /// </summary>
    private ImmutableArray<string> DrawList()
    {
        if (!Host.Faulty || Host.Profile.ListChanges == 0 || _list.Length < 3 || _list.Length % 2 == 0 || !Host.Random.Chance(Host.Profile.ListChanges))
            return _list;
        ImmutableArray<string> drawn = Host.Random.Next(3) == 0 ? _list.Add(Nobody) : _list.Remove(Host.Random.Pick(_list.Remove(Address)));
        Host.Note(this, $"starts with the list {string.Join(", ", drawn)}");
        return drawn;
    }

    private void Meet()
    {
        Host.Meet(this);
        Host.After(this, Host.Random.Between(50_000, 300_000), Meet);
    }

    private static OrderOutcome OutcomeOf(ProposalOutcome outcome) => outcome switch
    {
        ProposalOutcome.Committed => OrderOutcome.Acknowledged,
        ProposalOutcome.Unknown => OrderOutcome.Unknown,
        _ => OrderOutcome.Refused,
    };
}
