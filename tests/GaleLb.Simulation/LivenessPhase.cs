using GaleLb.Raft;
using GaleLb.Simulation.Replicas;
using GaleLb.Simulation.Workload;

namespace GaleLb.Simulation;

/// <summary>
/// After the faults: the network is whole, clocks are right, disks well, and everybody who is not gone for good runs. Within a
/// bounded time there must be a leader, an order must be acknowledged, a read answered, and every member stand at one state with a complete log. Only
/// where too few logs are complete for a vote (docs/decisions/0009) the cluster waits for an operator.
/// </summary>
internal sealed class LivenessPhase(World world, EventQueue events, Roster roster, SimulatedNetwork network, Clients clients)
{
    private const long TimeMax = 60_000_000;
    private const long Patience = 100_000;

    /// <summary>The first order of this phase; any acknowledged from it on will do.</summary>
    private ulong _marker;

    public void Run()
    {
        Heal();
        if (!roster.IsSelfFounding && !roster.Up.Any(m => m.LastIndex > LogIndex.Zero))
            return;
        long deadline = world.Now + TimeMax;
        LogIndex? order = Await(deadline, "acknowledged no order", AcknowledgeOrder);
        if (order is null)
            return;
        int reads = clients.ReadsAnswered;
        Await(deadline, "answered no read", () => AnswerRead(reads));
        Await(deadline, $"did not bring every member to entry {order} and its log to completeness", () => HaveAllApplied(order.Value));
    }

    private void Heal()
    {
        world.BeginLiveness();
        network.Heal();
        network.Faulty = false;
        foreach (SimulatedMember member in roster.All.ToList())
        {
            member.PausedUntil = 0;
            member.DiskStalled = false;
            member.TickMicroseconds = 10_000;
            World.Guard(member, member.HealDisk); // Before it starts: one whose disk is full may not be able to.
            if (member.IsUp && !member.IsListed)
                member.Crash(processOnly: true);
            roster.Revive(member);
        }
    }

    /// <summary>What the attempt came to; null where none can succeed, for lack of complete logs.</summary>
    private LogIndex? Await(long deadline, string failure, Func<LogIndex?> attempt)
    {
        while (world.Now < deadline)
        {
            if (attempt() is { } index)
                return index;
            long until = world.Now + Patience;
            while (world.Now < until && events.RunNext())
            {
            }
        }
        if (roster.LacksCompleteLogs)
            return null;
        string members = string.Join("; ", roster.Up.Select(m => $"{m.Id} {m.Role} term {m.Term} commit {m.Commit} last {m.LastIndex} applied {m.Applied} voters {string.Join(',', m.Membership.Voters)}"));
        throw new SimulationFailure("Liveness", $"the healed cluster {failure} within {TimeMax / 1_000_000} s: {members}");
    }

    private LogIndex? AcknowledgeOrder()
    {
        if (clients.Last.Order >= _marker && _marker > 0)
            return clients.Last.Index;
        if (roster.Leader is { } leader)
        {
            ulong order = clients.Order(leader);
            _marker = _marker == 0 ? order : _marker;
        }
        return clients.Last.Order >= _marker && _marker > 0 ? clients.Last.Index : null;
    }

    private LogIndex? AnswerRead(int before)
    {
        if (clients.ReadsAnswered > before)
            return LogIndex.Zero;
        List<SimulatedMember> up = [.. roster.Up];
        clients.Read(world.Random.Pick(up));
        return clients.ReadsAnswered > before ? LogIndex.Zero : null;
    }

    private LogIndex? HaveAllApplied(LogIndex index)
    {
        if (roster.Leader is not { } leader)
            return null;
        foreach (Member member in leader.Membership.Members)
            if (roster.Find(member.Id) is { IsDead: false } replica && (!replica.IsUp || replica.Applied < index || replica.Loss != LogLoss.None))
                return null;
        return index;
    }
}
