using GaleLb.State.Commands;
using GaleLb.State.Nodes;
using GaleLb.State.Services;

namespace GaleLb.State.Rules;

/// <summary>Stands against orders that would take too much out of the rings; an order may force its way.</summary>
internal static class OrderGuard
{
    /// <summary>The refusal, or null when <paramref name="node"/> may leave every ring.</summary>
    public static CommandAnswer? Refuse(Transition t, NodeRecord node, bool force)
    {
        if (force || !node.InRing)
            return null;
        ClusterState state = t.State;
        if (state.Tally.InRing - 1 < state.NodeHealth.MinRoutable)
            return t.Conflict(
                $"min_routable is {state.NodeHealth.MinRoutable}, and {state.Tally.InRing - 1} nodes would remain; force it if you must", "force");
        foreach (ServiceRecord service in state.Services.Values)
            if (service.Input.Nodes == 1 && service.HasInRing(node))
                return t.Conflict($"node '{node.Name}' is the last one of service '{service.Name}'; force it if you must", "force");
        return null;
    }
}
