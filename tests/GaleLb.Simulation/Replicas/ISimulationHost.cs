using GaleLb.Raft;
using GaleLb.Simulation.Faults;
using GaleLb.Simulation.Oracles;

namespace GaleLb.Simulation.Replicas;

/// <summary>What a simulated member may ask of the world around it.</summary>
internal interface ISimulationHost
{
    SimulationRandom Random { get; }
    FaultProfile Profile { get; }
    OracleSet Oracles { get; }
    PlantedBug Bug { get; }

    /// <summary>False in the liveness phase.</summary>
    bool Faulty { get; }

    long Now { get; }

    void Send(Message message);

    /// <summary>Plans something for the present life of a member; void if it crashes first.</summary>
    void After(SimulatedMember member, long delay, Action action);

    void OrderCompleted(ulong order, OrderOutcome outcome, LogIndex index);

    /// <summary>A null index: the read failed.</summary>
    void ReadCompleted(ulong token, LogIndex? index, LogIndex applied);

    /// <summary>The member introduces itself to everybody in reach.</summary>
    void Meet(DriverMember member);

    void Note(SimulatedMember member, string text);

    /// <summary>The process ended by its own decision, as after a failed sync.</summary>
    void Ended(SimulatedMember member, string reason);
}

internal enum OrderOutcome
{
    Acknowledged,
    Refused,
    Unknown,
}
