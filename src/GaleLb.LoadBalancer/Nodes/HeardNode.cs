using GaleLb.Rpc.V1;
using GaleLb.State.Nodes;

namespace GaleLb.LoadBalancer.Nodes;

/// <summary>The last that this replica heard from one node. Immutable; <see cref="ObservationDesk"/> swaps it whole.</summary>
internal sealed record HeardNode(
    string Node, NodeDescription Description, ServingStatus Status, string[] NotServing, string Detail, long HeardAt)
{
    /// <summary>Not yet passed on to the leader.</summary>
    public bool Unsent { get; init; }

    /// <summary>The leader's word: consecutive passes, and why the node is refused if it is.</summary>
    public uint Passes { get; init; }

    public string Refusal { get; init; } = "";

    public string Notice { get; init; } = "";
}

/// <summary>What is known here of a node's heartbeats, for display.</summary>
/// <param name="AgeMs">Since the last one, null when none is known.</param>
/// <param name="Replica">The address of the replica that hears it, as far as this one knows.</param>
internal readonly record struct NodeLiveness(uint Passes, long? AgeMs, string? Replica);
