using GaleLb.Raft;

namespace GaleLb.Simulation.Replicas;

/// <summary>Which kind of replica a run is made of, and what its orders look like.</summary>
internal interface IMemberFactory
{
    /// <summary>A member with an empty directory, or, when <paramref name="initial"/> is given, one that holds that configuration.</summary>
    SimulatedMember Create(MemberId id, string address, Membership? initial, IReadOnlyList<string> addresses, ISimulationHost host);

    /// <summary>The payload of an order by its number, for a member that is up.</summary>
    ReadOnlyMemory<byte> Order(ulong number, SimulatedMember target, SimulationRandom random);

    /// <summary>The number of the order that an entry carries out, if any.</summary>
    ulong? OrderOf(Entry entry);

    /// <summary>Replicas of this kind find by themselves to a cluster and tend its membership.</summary>
    bool IsSelfFounding { get; }
}
