using GaleLb.Raft;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Faults;

/// <summary>Does one bad thing at a time, by the weights of the run's profile, and undoes it some time later.</summary>
internal sealed class FaultInjector(World world, Roster roster, SimulatedNetwork network)
{
    private SimulationRandom Random => world.Random;

    public void Act()
    {
        FaultProfile profile = world.Profile;
        (int Weight, Action Do)[] faults =
        [
            (profile.Partitions, Partition),
            (profile.Partitions / 2, network.Heal),
            (profile.Crashes, CrashOne),
            (profile.Crashes / 4, CrashAll),
            (profile.Pauses, PauseOne),
            (profile.DiskStalls, StallOne),
            (profile.DiskErrors, FailOneDisk),
            (profile.ClockChanges, ChangeClock),
            (profile.Wipes, roster.WipeOne),
            (profile.Transfers, Transfer),
            (profile.Damage, roster.DamageOne),
        ];
        int total = faults.Sum(f => f.Weight);
        if (total == 0)
            return;
        int drawn = Random.Next(total);
        foreach ((int weight, Action act) in faults)
        {
            if (drawn < weight)
            {
                act();
                return;
            }
            drawn -= weight;
        }
    }

    private void Partition()
    {
        network.Heal();
        List<SimulatedMember> members = [.. roster.All.Where(m => !m.IsDead)];
        switch (Random.Next(4))
        {
            case 0: Isolate(roster.Leader ?? Random.Pick(members), members); break;
            case 1: Isolate(Random.Pick(members), members); break;
            case 2: Split(members); break;
            default: CutRandomLinks(members); break;
        }
    }

    private void Isolate(SimulatedMember one, List<SimulatedMember> members)
    {
        bool inward = Random.Next(4) != 0, outward = !inward || Random.Next(3) != 0;
        foreach (SimulatedMember other in members)
        {
            if (inward)
                network.CutOneWay(other.Id, one.Id);
            if (outward)
                network.CutOneWay(one.Id, other.Id);
        }
    }

    private void Split(List<SimulatedMember> members)
    {
        var side = members.ToDictionary(m => m.Id, _ => Random.Next(2));
        foreach (SimulatedMember a in members)
            foreach (SimulatedMember b in members)
                if (side[a.Id] != side[b.Id])
                    network.CutOneWay(a.Id, b.Id);
    }

    private void CutRandomLinks(List<SimulatedMember> members)
    {
        foreach (SimulatedMember a in members)
            foreach (SimulatedMember b in members)
                if (a.Id != b.Id && Random.Next(3) == 0)
                    network.CutOneWay(a.Id, b.Id);
    }

    private void CrashOne()
    {
        SimulatedMember? victim = Random.Next(2) == 0 ? roster.Leader : null;
        List<SimulatedMember> up = [.. roster.Up];
        if (up.Count > 0)
            world.Ended(victim ?? Random.Pick(up), "is killed");
    }

    private void CrashAll()
    {
        foreach (SimulatedMember member in roster.Up.ToList())
            world.Ended(member, "is killed with all others");
    }

    private void PauseOne()
    {
        List<SimulatedMember> up = [.. roster.Up];
        if (up.Count > 0)
            Random.Pick(up).PausedUntil = world.Now + Random.Between(10_000, 3_000_000);
    }

    private void StallOne()
    {
        List<SimulatedMember> up = [.. roster.Up];
        if (up.Count == 0)
            return;
        SimulatedMember victim = Random.Pick(up);
        victim.DiskStalled = !victim.DiskStalled;
    }

    private void FailOneDisk()
    {
        List<SimulatedMember> up = [.. roster.Up];
        if (up.Count == 0)
            return;
        SimulatedMember victim = Random.Pick(up);
        world.Trace(victim, "has trouble with its disk");
        World.Guard(victim, victim.FailDisk);
        world.After(victim, Random.Between(100_000, 3_000_000), victim.HealDisk);
    }

    private void ChangeClock()
    {
        List<SimulatedMember> up = [.. roster.Up];
        if (up.Count == 0)
            return;
        Random.Pick(up).TickMicroseconds = world.Profile.Leases ? Random.Between(9_550, 10_450) : Random.Between(5_000, 20_000);
    }

    private void Transfer()
    {
        if (roster.Leader is not { } leader || leader.Membership.Voters.IsEmpty || leader.PausedUntil > world.Now)
            return;
        MemberId to = leader.Membership.Voters[Random.Next(leader.Membership.Voters.Length)];
        World.Guard(leader, () => leader.Transfer(to));
    }
}
