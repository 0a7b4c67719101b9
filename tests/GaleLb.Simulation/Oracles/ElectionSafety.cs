using GaleLb.Raft;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Oracles;

/// <summary>At most one leader in a term (thesis figure 3.2).</summary>
internal sealed class ElectionSafety : Oracle
{
    private readonly Dictionary<Term, MemberId> _leaders = [];

    public override void Stepped(SimulatedMember member)
    {
        if (member.Role != RaftRole.Leader)
            return;
        if (!_leaders.TryAdd(member.Term, member.Id) && _leaders[member.Term] != member.Id)
            throw Failure($"term {member.Term} has two leaders, {_leaders[member.Term]} and {member.Id}");
    }
}
