using GaleLb.Raft;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Oracles;

/// <summary>All oracles of one run.</summary>
internal sealed class OracleSet(Func<Entry, ulong?> orderOf)
{
    public AcknowledgedOrders Orders { get; } = new(orderOf);
    public LinearizableReads Reads { get; } = new();

    private Oracle[] All => field ??= [new ElectionSafety(), new VotesOnce(), new LogMatching(), new LeaderCompleteness(), new StateMachineSafety(), new CommitMonotone(), new LeaseExclusive(), Orders, Reads];

    public void Stepped(SimulatedMember member)
    {
        foreach (Oracle oracle in All)
            oracle.Stepped(member);
    }

    public void Sent(Message message)
    {
        foreach (Oracle oracle in All)
            oracle.Sent(message);
    }

    public void Started(SimulatedMember member)
    {
        foreach (Oracle oracle in All)
            oracle.Started(member);
    }

    public void Applied(SimulatedMember member, Entry entry, ulong? stateDigest)
    {
        foreach (Oracle oracle in All)
            oracle.Applied(member, entry, stateDigest);
    }

    public void Restored(SimulatedMember member, LogIndex index, ulong stateDigest)
    {
        foreach (Oracle oracle in All)
            oracle.Restored(member, index, stateDigest);
    }

    public void StateKnown(SimulatedMember member, LogIndex index, ulong stateDigest)
    {
        foreach (Oracle oracle in All)
            oracle.StateKnown(member, index, stateDigest);
    }
}
