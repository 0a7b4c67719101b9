using GaleLb.Raft;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Workload;

/// <summary>
/// An operator: takes out seats whose holder is gone, brings newcomers in as learners, promotes them, now and then removes or demotes
/// somebody for no reason. It never asks for a configuration without a living majority.
/// </summary>
internal sealed class Administrator(World world, Roster roster)
{
    public void Act()
    {
        if (roster.Leader is not { } leader || leader.PausedUntil > world.Now)
            return;
        Membership present = leader.Membership;
        if (Next(present) is not { } next || next.Equals(present) || roster.LivingVoters(next) < next.Quorum)
            return;
        world.Trace(leader, $"is asked for {string.Join(' ', next.Members.Select(m => $"{m.Id.Value}{m.Role.ToString()[0]}"))}");
        World.Guard(leader, () => leader.ChangeMembership(_ => next));
    }

    private Membership? Next(Membership present)
    {
        if (world.Random.Next(10) < world.Profile.Membership)
            return Whim(present);
        foreach (Member member in present.Members)
            if (roster.Find(member.Id) is null or { IsDead: true })
                return present.Without(member.Id);
        foreach (Member member in present.Members)
            if (member.Role == MemberRole.Learner)
                return present.With(member with { Role = MemberRole.Voter });
        return Newcomer(present);
    }

    private Membership? Newcomer(Membership present)
    {
        foreach (SimulatedMember member in roster.Up)
            if (present.Find(member.Id) is null && present.Find(member.Address) is null)
                return present.With(new Member(member.Id, member.Address, MemberRole.Learner));
        return null;
    }

    private Membership? Whim(Membership present)
    {
        Member member = world.Random.Pick(present.Members);
        return world.Random.Next(4) switch
        {
            0 when present.Voters.Length > 1 => present.Without(member.Id),
            1 when member.Role == MemberRole.Voter && !member.Vacant => present.With(member with { Role = MemberRole.Learner }),
            2 when member.Role == MemberRole.Learner => present.With(member with { Role = MemberRole.Voter }),
            _ => Newcomer(present),
        };
    }
}
