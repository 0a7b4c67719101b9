using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.Simulation.Faults;

namespace GaleLb.Simulation.Replicas;

/// <summary>
/// The consensus core alone, with the loop of its README around it and a model of a disk: the shortest way to many different
/// schedules. Crashes may come between any two effects.
/// </summary>
internal sealed partial class CoreMember : SimulatedMember
{
    private readonly ModelDisk _disk = new();
    private readonly RegisterMachine _machine = new();
    private readonly Queue<Ready> _unwritten = new();
    private readonly Dictionary<LogIndex, (Term Term, ulong Order)> _orders = [];
    private readonly List<(LogIndex Index, ulong Token)> _reads = [];
    private readonly RaftOptions _options;
    private RaftNode? _core;
    private int _writing;
    private bool _snapshotting;
    private LogIndex _snapshotIndex;

    public CoreMember(MemberId id, string address, RaftOptions options, ISimulationHost host)
        : base(id, address, host) => _options = options;

    public override RaftRole Role => Core.Role;
    public override Term Term => Core.Term;
    public override LogIndex Commit => Core.Log.Commit;
    public override LogIndex LastIndex => Core.Log.LastIndex;
    public override LogIndex Applied => _machine.Index;
    public override Membership Membership => Core.Membership;
    public override MemberId Leader => Core.Leader;
    public override LogLoss Loss => Core.Loss;
    public override ulong? StateDigest => _machine.Digest;
    private RaftNode Core => _core ?? throw new InvalidOperationException($"{Id} is down.");

    public override bool TryTermAt(LogIndex index, out Term term) => Core.Log.TryTermAt(index, out term);

    public void Preset(Snapshot snapshot) => _disk.Save(snapshot);

    public override void Start()
    {
        Incarnation++;
        IsUp = true;
        PlantAtStart();
        _machine.Reset();
        if (_disk.Snapshot is { } snapshot)
            _machine.Restore(snapshot);
        _snapshotIndex = _machine.Index;
        _core = new RaftNode(Id, _options, _disk.Recovery, _disk, Host.Random);
        Host.Oracles.Started(this);
        Process();
    }

    public override void Crash(bool processOnly = false)
    {
        if (!IsUp)
            return;
        IsUp = false;
        _core = null;
        int parts = _unwritten.Sum(ModelDisk.PartsOf);
        int survive = parts == 0 ? 0 : Host.Random.Next(parts + 1);
        foreach (Ready ready in _unwritten)
        {
            _disk.Write(ready, survive);
            survive -= ModelDisk.PartsOf(ready);
            if (survive <= 0)
                break;
        }
        _unwritten.Clear();
        _orders.Clear();
        _reads.Clear();
        _writing = 0;
        _snapshotting = false;
    }

    public override void Tick()
    {
        Core.Tick();
        Process();
    }

    public override void Receive(Message message)
    {
        if (PlantOnReceive(ref message))
            Core.Step(message);
        Process();
    }

    public override void Propose(ulong order, ReadOnlyMemory<byte> payload)
    {
        ProposalTicket ticket = Core.Propose(payload);
        if (!ticket.Accepted)
        {
            Host.OrderCompleted(order, OrderOutcome.Refused, LogIndex.Zero);
            return;
        }
        if (_orders.Remove(ticket.Index, out (Term Term, ulong Order) earlier))
            Host.OrderCompleted(earlier.Order, OrderOutcome.Unknown, LogIndex.Zero);
        if (!PlantOnPropose(order, payload, ticket))
            _orders.Add(ticket.Index, (ticket.Term, order));
        Process();
    }

    public override void Read(ulong token)
    {
        if (!Core.RequestRead(token))
            Host.ReadCompleted(token, null, LogIndex.Zero);
        Process();
    }

    public override void ChangeMembership(Func<Membership, Membership> change)
    {
        Membership next = change(Core.Membership);
        if (Host.Bug == PlantedBug.UncheckedMembershipChange)
            PlantMembership(next);
        else
            Core.ProposeMembership(next);
        Process();
    }

    public override void Transfer(MemberId to)
    {
        Core.TransferLeadership(to);
        Process();
    }

    public override void Found(Membership membership)
    {
        if (LastIndex != LogIndex.Zero || !Membership.IsEmpty)
            return;
        Core.Found(membership);
        Process();
    }

    /// <summary>For the core alone, trouble with the disk is what its caller makes of it: it steps down until the disk is well.</summary>
    public override void FailDisk()
    {
        Core.StepDown();
        Process();
    }

    public override void HealDisk()
    {
        if (!IsUp)
            return;
        Core.Campaign();
        Process();
    }

    public override void Damage() => _disk.Damage(1 + Host.Random.Next(_disk.Entries + 1));

    private void Process()
    {
        PlantAfterStep();
        while (IsUp && Core.HasReady)
            Carry(Core.TakeReady());
        if (!IsUp)
            return;
        WriteNext();
        StartSnapshot();
        AnswerReads();
        Host.Oracles.Stepped(this);
    }

    private void Carry(Ready ready)
    {
        SendAll(ready.Messages);
        if (Host.Bug == PlantedBug.GrantBeforeSync)
            SendAll(ready.MessagesAfterPersist);
        if (!IsUp)
            return;
        if (ready.NeedsPersist)
            _unwritten.Enqueue(ready);
        if (ready.Snapshot is { } snapshot)
        {
            _machine.Restore(snapshot);
            Host.Oracles.Restored(this, _machine.Index, _machine.Digest);
        }
        if (ready.Recovered)
            _disk.Recovered();
        foreach (Entry entry in ready.Committed)
            Apply(entry);
        foreach (ReadGrant grant in ready.Reads)
        {
            if (grant.Index is { } index)
                _reads.Add((index, grant.Token));
            else
                Host.ReadCompleted(grant.Token, null, LogIndex.Zero);
        }
        CrashHere();
    }

    private void SendAll(ImmutableArray<Message> messages)
    {
        foreach (Message message in messages)
        {
            if (CrashHere())
                return;
            Host.Send(PlantOnSend(message));
        }
    }

    /// <summary>True when this was the member's last effect.</summary>
    private bool CrashHere()
    {
        if (IsUp && Host.Faulty && Host.Random.Chance(Host.Profile.CrashBetweenEffects))
            Host.Ended(this, "crashed between two effects");
        return !IsUp;
    }

    private void WriteNext()
    {
        if (_writing > 0 || _unwritten.Count == 0)
            return;
        _writing = _unwritten.Count;
        ulong sequence = _unwritten.Last().Sequence;
        if (Host.Bug == PlantedBug.ReportUnwritten)
            Core.Persisted(sequence);
        Host.After(this, Host.Random.Between(20, Host.Profile.DiskDelayMax), () => Written(sequence));
    }

    private void Written(ulong sequence)
    {
        if (DiskStalled)
        {
            Host.After(this, 50_000, () => Written(sequence));
            return;
        }
        var messages = new List<Message>();
        for (; _writing > 0; _writing--)
        {
            Ready ready = _unwritten.Dequeue();
            _disk.Write(ready, int.MaxValue);
            messages.AddRange(ready.MessagesAfterPersist);
        }
        if (CrashHere())
            return;
        Core.Persisted(sequence);
        if (Host.Bug != PlantedBug.GrantBeforeSync)
            SendAll([.. messages]);
        if (IsUp)
            Process();
    }

    private void Apply(Entry entry)
    {
        _machine.Apply(entry);
        PlantOnApply(entry);
        Host.Oracles.Applied(this, entry, _machine.Digest);
        Core.Applied(entry.Index);
        if (_orders.Remove(entry.Index, out (Term Term, ulong Order) order))
        {
            bool ours = order.Term == entry.Term || Host.Bug == PlantedBug.AcknowledgeAnyTerm;
            Host.OrderCompleted(order.Order, ours ? OrderOutcome.Acknowledged : OrderOutcome.Refused, entry.Index);
        }
    }

    private void AnswerReads()
    {
        for (int i = 0; i < _reads.Count; i++)
        {
            if (_reads[i].Index > _machine.Index && Host.Bug != PlantedBug.ReadBeforeApplied)
                continue;
            Host.ReadCompleted(_reads[i].Token, _reads[i].Index, _machine.Index);
            _reads.RemoveAt(i--);
        }
    }

    private void StartSnapshot()
    {
        if (_snapshotting || _machine.Index.Value < _snapshotIndex.Value + (ulong)Host.Profile.SnapshotEntries)
            return;
        LogIndex index = _machine.Index;
        if (!Core.Log.TryTermAt(index, out Term term))
            return;
        _snapshotting = true;
        var metadata = new SnapshotMetadata(index, term, Core.MembershipAt(index));
        var snapshot = new Snapshot(metadata, PlantedCapture());
        Host.After(this, Host.Random.Between(100, 100_000), () => SnapshotSaved(snapshot));
    }

    private void SnapshotSaved(Snapshot snapshot)
    {
        _snapshotting = false;
        _disk.Save(snapshot);
        _snapshotIndex = snapshot.Metadata.Index > _snapshotIndex ? snapshot.Metadata.Index : _snapshotIndex;
        Core.Compact(snapshot.Metadata.Index, Host.Profile.TrailingEntries);
        Process();
    }
}
