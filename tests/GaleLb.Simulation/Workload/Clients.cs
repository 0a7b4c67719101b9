using GaleLb.Raft;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Workload;

/// <summary>Clients that send orders and reads to any replica, most often to the one they believe leads. They never repeat an order.</summary>
internal sealed class Clients(World world, Roster roster, IMemberFactory factory)
{
    private ulong _next = 1;

    /// <summary>The last order acknowledged, and where.</summary>
    public (ulong Order, LogIndex Index) Last { get; private set; }

    public int ReadsAnswered { get; private set; }

    public void Act()
    {
        List<SimulatedMember> up = [.. roster.Up];
        if (up.Count == 0)
            return;
        SimulatedMember target = world.Random.Next(4) == 0 ? world.Random.Pick(up) : roster.Leader ?? world.Random.Pick(up);
        if (world.Random.Next(100) < world.Profile.ReadShare)
            Read(target);
        else
            Order(target);
    }

    public ulong Order(SimulatedMember target)
    {
        ulong order = _next++;
        if (target.PausedUntil <= world.Now)
            World.Guard(target, () => target.Propose(order, factory.Order(order, target, world.Random)));
        return order;
    }

    public void Read(SimulatedMember target)
    {
        ulong token = _next++;
        world.Oracles.Reads.ReadInvoked(token);
        if (target.PausedUntil > world.Now)
            world.OnWaking(target, () => target.Read(token));
        else
            World.Guard(target, () => target.Read(token));
    }

    public void Completed(ulong order, OrderOutcome outcome, LogIndex index)
    {
        if (outcome == OrderOutcome.Acknowledged)
            Last = (order, index);
    }

    public void ReadCompleted(ulong token, LogIndex? index)
    {
        if (index is not null)
            ReadsAnswered++;
    }
}
