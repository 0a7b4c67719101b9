using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Oracles;

/// <summary>No two members hold a lease at once, each by its own clock.</summary>
internal sealed class LeaseExclusive : Oracle
{
    private readonly HashSet<SimulatedMember> _holders = [];

    public override void Stepped(SimulatedMember member)
    {
        if (!member.HoldsLease)
        {
            _holders.Remove(member);
            return;
        }
        _holders.Add(member);
        _holders.RemoveWhere(m => !m.IsUp || !m.HoldsLease);
        if (_holders.Count > 1)
            throw Failure($"{string.Join(" and ", _holders.Select(m => $"{m.Id} in term {m.Term}"))} hold leases");
    }
}
