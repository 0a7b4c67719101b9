using GaleLb.Raft;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Oracles;

/// <summary>Watches a run for one property and throws <see cref="SimulationFailure"/> when it is broken.</summary>
internal abstract class Oracle
{
    public string Name => GetType().Name;

    /// <summary>After each event that a member handled.</summary>
    public virtual void Stepped(SimulatedMember member) { }

    public virtual void Sent(Message message) { }

    /// <summary>A member starts, with what its disk held.</summary>
    public virtual void Started(SimulatedMember member) { }

    /// <summary>A member applied an entry; its state's digest afterwards, where it was worked out.</summary>
    public virtual void Applied(SimulatedMember member, Entry entry, ulong? stateDigest) { }

    /// <summary>A member's state was replaced by a snapshot.</summary>
    public virtual void Restored(SimulatedMember member, LogIndex index, ulong stateDigest) { }

    /// <summary>A member's state at an index, learned beside the two above.</summary>
    public virtual void StateKnown(SimulatedMember member, LogIndex index, ulong stateDigest) { }

    public virtual void OrderAcknowledged(ulong order, LogIndex index) { }

    /// <summary>A client was told that its order is not and never will be carried out.</summary>
    public virtual void OrderRefused(ulong order) { }

    public virtual void ReadInvoked(ulong token) { }

    /// <summary>A read was answered from a state at <paramref name="applied"/>, granted at <paramref name="index"/>.</summary>
    public virtual void ReadAnswered(ulong token, LogIndex index, LogIndex applied) { }

    protected SimulationFailure Failure(string what) => new(Name, what);
}
