using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Flows;

/// <summary>Which flows are listed: those that have all of this. Judged on the kernel's own values, so that a million of them are read quickly.</summary>
/// <param name="Client">The range that the client is in; null for any.</param>
/// <param name="Services">Empty for any.</param>
/// <param name="State">In snake case, as <c>established</c>; null for any.</param>
public sealed record FlowFilter(IPNetwork? Client, ImmutableArray<ServiceId> Services, NodeIndex? Node, Protocol? Protocol, string? State)
{
    public static FlowFilter Everything { get; } = new(Client: null, [], Node: null, Protocol: null, State: null);

    /// <summary>The states that flows can be filtered by.</summary>
    public static ImmutableArray<string> AllStates { get; } =
        [.. Enum.GetValues<GaleFlowState>().Where(s => s != GaleFlowState.None).Select(SnakeCase.Of)];

    internal bool Matches(in GaleFlowKey key, in GaleFlow flow) =>
        (Protocol is not { } protocol || key.Protocol == (byte)protocol)
        && (Node is not { } node || flow.NodeIndex == node.Value)
        && (Services.IsEmpty || Services.Contains(new ServiceId(flow.ServiceId)))
        && (State is null || SnakeCase.Of(flow.State) == State)
        && (Client is not { } range || range.Contains(key.Source.ToIPAddress()));
}
