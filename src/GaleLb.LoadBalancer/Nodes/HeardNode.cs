using System.Net;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Nodes;

/// <summary>The last that this replica heard from one node. Immutable but for the answer that comes back from the leader.</summary>
internal sealed record HeardNode(
    string Node, ulong Instance, IPAddress Address, ushort Port, ushort Weight, ServingStatus Status, string[] Services,
    string[] NotServing, string Detail)
{
    /// <summary>When it was heard, on the monotonic clock.</summary>
    public required long HeardAt { get; init; }

    /// <summary>Not yet passed on to the leader.</summary>
    public bool Unsent { get; init; }

    /// <summary>The leader's word: consecutive passes, and why it is refused if it is.</summary>
    public uint Passes { get; init; }
    public string Refusal { get; init; } = "";
}
