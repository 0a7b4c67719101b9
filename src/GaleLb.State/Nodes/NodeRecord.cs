using System.Collections.Immutable;

namespace GaleLb.State.Nodes;

/// <summary>One node as every replica knows it. Immutable; passes and last-heard times are not in it, they are the leader's alone.</summary>
public sealed record NodeRecord
{
    public required string Name { get; init; }
    public required ulong Instance { get; init; }

    /// <summary>Null after its address was lost to another node.</summary>
    public required NodePlace? Place { get; init; }

    /// <summary>0: each service's target port.</summary>
    public required ushort Port { get; init; }

    /// <summary>What the node says, 0 to 1000.</summary>
    public required ushort Weight { get; init; }

    /// <summary>What an order says instead.</summary>
    public ushort? OrderedWeight { get; init; }

    /// <summary>Names in ordinal order; empty: all.</summary>
    public required ImmutableArray<string> Services { get; init; }

    /// <summary>Of these its own check failed.</summary>
    public ImmutableArray<string> NotServing { get; init; } = [];

    public required NodePhase Phase { get; init; }

    /// <summary>When it entered its phase.</summary>
    public required LogTime PhaseSince { get; init; }

    public DownReason DownReason { get; init; }
    public bool Draining { get; init; }

    /// <summary>Set while it would be out, but a guard keeps it: routable, and suspect since then.</summary>
    public LogTime? SuspectSince { get; init; }

    public int Fails { get; init; }

    /// <summary>Its flows are given up: past flow_grace, or banned.</summary>
    public bool FlowsRefused { get; init; }

    public required Raft.LogIndex RegisteredIndex { get; init; }

    /// <summary>Its ETag: the entry that last changed it.</summary>
    public Raft.LogIndex LastChange { get; init; }

    /// <summary>Its part of the input of a ring (<see cref="Services.RingInput"/>); set where the record is stored.</summary>
    internal UInt128 RingToken { get; init; }

    public ushort EffectiveWeight => OrderedWeight ?? Weight;
    public bool IsSuspect => SuspectSince is not null;

    /// <summary>Whether new flows may reach it: it is in the rings of the services that it serves.</summary>
    public bool InRing => Phase == NodePhase.Routable && !Draining && EffectiveWeight > 0 && Place is not null;

    public NodeState State => Phase switch
    {
        NodePhase.Blacklisted => NodeState.Blacklisted,
        NodePhase.Down => NodeState.Down,
        _ when Draining => NodeState.Draining,
        NodePhase.Routable => NodeState.Routable,
        _ => NodeState.Probing,
    };

    public bool Serves(string service)
    {
        if (!Services.IsEmpty && Services.BinarySearch(service, StringComparer.Ordinal) < 0)
            return false;
        return NotServing.IsEmpty || NotServing.BinarySearch(service, StringComparer.Ordinal) < 0;
    }
}
