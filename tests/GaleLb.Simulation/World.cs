using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Simulation.Faults;
using GaleLb.Simulation.Oracles;
using GaleLb.Simulation.Replicas;
using GaleLb.Simulation.Workload;

namespace GaleLb.Simulation;

/// <summary>
/// One run: a cluster under faults for a number of steps, then healed and given time to prove that it lives. Everything that
/// happens follows from the seed.
/// </summary>
internal sealed class World : ISimulationHost
{
    private readonly EventQueue _events = new();
    private readonly SimulatedNetwork _network;
    private readonly Roster _roster;
    private readonly Clients _clients;
    private readonly Administrator _administrator;
    private readonly FaultInjector _faults;
    private readonly HashSet<Term> _leaders = [];
    private readonly Action<string>? _trace;

    /// <param name="without">Kinds of faults left out (<see cref="FaultProfile.Without"/>).</param>
    public World(ulong seed, PlantedBug bug, IMemberFactory members, Action<string>? trace, IEnumerable<string>? without = null)
    {
        Random = new SimulationRandom(seed);
        Profile = FaultProfile.Draw(Random, new SimulationRandom(~seed));
        foreach (string kind in without ?? [])
            Profile = Profile.Without(kind);
        Bug = bug;
        _trace = trace;
        Oracles = new OracleSet(members.OrderOf);
        _network = new SimulatedNetwork(_events, Random, Profile, Deliver);
        _roster = new Roster(this, members);
        _clients = new Clients(this, _roster, members);
        _administrator = new Administrator(this, _roster);
        _faults = new FaultInjector(this, _roster, _network);
    }

    public SimulationRandom Random { get; }
    public FaultProfile Profile { get; }
    public OracleSet Oracles { get; }
    public PlantedBug Bug { get; }
    public bool Faulty { get; private set; } = true;
    public long Now => _events.Now;
    public long Steps { get; private set; }
    public long Messages => _network.Sent;

    /// <exception cref="SimulationFailure">An oracle was broken.</exception>
    public void Run(long steps)
    {
        _roster.Begin();
        foreach (SimulatedMember member in _roster.All)
            _events.After(_roster.IsLatecomer(member) ? Random.Between(0, 10_000_000) : 0, () => _roster.Revive(member));
        Repeat(Profile.OrderInterval, _clients.Act);
        Repeat(Profile.AdminInterval, _administrator.Act);
        Repeat(Profile.FaultInterval, _faults.Act);
        if (Profile.Founding)
            Repeat(200_000, _roster.FoundSomewhere);
        while (Steps < steps && _events.RunNext())
            Steps++;
        new LivenessPhase(this, _events, _roster, _network, _clients).Run();
    }

    /// <summary>Starts a member's process and its clock.</summary>
    public void Boot(SimulatedMember member)
    {
        Trace(member, "starts");
        Guard(member, member.Start);
        if (member.IsUp)
            PlanTick(member);
    }

    public void BeginLiveness() => Faulty = false;

    public void Send(Message message)
    {
        Oracles.Sent(message);
        _network.Send(message);
    }

    public void After(SimulatedMember member, long delay, Action action)
    {
        int incarnation = member.Incarnation;
        _events.After(delay, () => Dispatch(member, incarnation, action));
    }

    /// <summary>
    /// What waits in another socket than the messages of peers, and is heard before them when the member wakes. (In a queue
    /// common to all, a deposed leader would always hear of its successor first.)
    /// </summary>
    public void OnWaking(SimulatedMember member, Action action)
    {
        int incarnation = member.Incarnation;
        _events.After(Math.Max(0, member.PausedUntil - Now - 1), () =>
        {
            if (member.IsUp && member.Incarnation == incarnation)
                Guard(member, action);
        });
    }

    public void OrderCompleted(ulong order, OrderOutcome outcome, LogIndex index)
    {
        switch (outcome)
        {
            case OrderOutcome.Acknowledged: Oracles.Orders.OrderAcknowledged(order, index); Oracles.Reads.OrderAcknowledged(order, index); break;
            case OrderOutcome.Refused: Oracles.Orders.OrderRefused(order); break;
        }
        _clients.Completed(order, outcome, index);
    }

    public void ReadCompleted(ulong token, LogIndex? index, LogIndex applied)
    {
        if (index is { } granted)
            Oracles.Reads.ReadAnswered(token, granted, applied);
        _clients.ReadCompleted(token, index);
    }

    public void Meet(DriverMember member)
    {
        PeerIntroduction introduction = member.Introduction;
        foreach (SimulatedMember other in _roster.All)
        {
            if (other == member || !_network.IsOpen(member.Id, other.Id))
                continue;
            _events.After(Random.Between(Profile.DelayMin, Profile.DelayMax), () => Dispatch(other, other.Incarnation, () => ((DriverMember)other).Introduced(introduction)));
        }
    }

    public void Note(SimulatedMember member, string text) => Trace(member, text);

    public void Ended(SimulatedMember member, string reason) => Ended(member, reason, processOnly: false);

    public void Ended(SimulatedMember member, string reason, bool processOnly)
    {
        Trace(member, reason);
        member.Crash(processOnly);
        _events.After(Random.Between(1_000, 3_000_000), () => _roster.Revive(member));
    }

    public void Trace(SimulatedMember member, string what) => _trace?.Invoke($"{Now / 1_000.0,12:F3} ms {member.Id}: {what}");

    /// <summary>Runs one event of a member; what the core throws is a broken invariant.</summary>
    public static void Guard(SimulatedMember member, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is InvalidOperationException or InvalidDataException)
        {
            throw new SimulationFailure("CoreInvariant", $"{member.Id}: {e.Message}");
        }
    }

    private void Repeat(long interval, Action action) => _events.After(Random.Between(1, 2 * interval), () =>
    {
        if (!Faulty)
            return;
        action();
        Repeat(interval, action);
    });

    /// <summary>Kills a leader moments after its election: the interleavings of thesis figure 8.</summary>
    private void MayKillLeader(SimulatedMember member)
    {
        if (!Faulty || !member.IsUp || member.Role != RaftRole.Leader || !_leaders.Add(member.Term) || !Random.Chance(Profile.LeaderDeaths))
            return;
        After(member, Random.Between(0, 60_000), () => Ended(member, "is killed as a new leader"));
    }

    private void PlanTick(SimulatedMember member) => After(member, member.TickMicroseconds, () =>
    {
        member.Tick();
        if (member.IsUp)
            PlanTick(member);
    });

    private void Deliver(Message message)
    {
        if (_roster.Find(message.To) is not { IsUp: true } member)
            return;
        if (_trace is not null && message is not (HeartbeatRequest or HeartbeatResponse))
            Trace(member, Describe(message));
        Dispatch(member, member.Incarnation, () => member.Receive(message));
    }

    private static string Describe(Message message) => message is AppendRequest append
        ? $"append from {append.From} term {append.Term} after {append.PreviousIndex}/{append.PreviousTerm} count {append.Entries.Length} commit {append.Commit}"
        : message is SnapshotChunk chunk ? $"snapshot from {chunk.From} at {chunk.Metadata.Index} bytes {chunk.Offset}+{chunk.Bytes.Length}/{chunk.TotalBytes}"
        : message.ToString();

    private void Dispatch(SimulatedMember member, int incarnation, Action action)
    {
        if (!member.IsUp || member.Incarnation != incarnation)
            return;
        if (member.PausedUntil > Now)
            _events.After(member.PausedUntil - Now, () => Dispatch(member, incarnation, action));
        else
            Guard(member, action);
        MayKillLeader(member);
    }
}
