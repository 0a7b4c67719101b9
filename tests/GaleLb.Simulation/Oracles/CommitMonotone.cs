using GaleLb.Raft;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Oracles;

/// <summary>While a member runs its commit index and term never go back; nothing is applied that is not durable there.</summary>
internal sealed class CommitMonotone : Oracle
{
    private readonly Dictionary<MemberId, (LogIndex Commit, Term Term)> _last = [];

    public override void Started(SimulatedMember member) => _last[member.Id] = (member.Commit, member.Term);

    public override void Stepped(SimulatedMember member)
    {
        (LogIndex commit, Term term) = _last[member.Id];
        if (member.Commit < commit)
            throw Failure($"the commit index of {member.Id} went from {commit} back to {member.Commit}");
        if (member.Term < term)
            throw Failure($"the term of {member.Id} went from {term} back to {member.Term}");
        _last[member.Id] = (member.Commit, member.Term);
    }
}
