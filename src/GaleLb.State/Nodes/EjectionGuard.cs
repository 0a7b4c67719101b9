using GaleLb.State.Settings;

namespace GaleLb.State.Nodes;

/// <summary>
/// Decides whether a node may leave the rings by itself. Leader and apply ask the same question, so that the leader does
/// not propose what apply would hold back.
/// </summary>
/// <remarks>
/// max_eject_share limits how many of the nodes may go <em>at once</em>, which is within checks_timeout; one may always
/// go. What is held back becomes suspect. Suspect nodes are judged together after another checks_timeout: they go when
/// they are no more than that share of the rings, so that a rack's loss is cleared and a leader's blindness is not obeyed.
/// </remarks>
public static class EjectionGuard
{
    /// <summary>Null when the node may go, else why it has to stay, for people.</summary>
    public static string? Hold(ClusterState state, NodeRecord node, LogTime now)
    {
        NodeHealthSettings settings = state.NodeHealth;
        if (!node.InRing)
            return null;
        int inRing = state.Tally.InRing;
        if (inRing - 1 < settings.MinRoutable)
            return $"min_routable is {settings.MinRoutable}, and {inRing} nodes are in the rings";
        if (node.SuspectSince is { } since)
            return HoldSuspect(state.Tally.Suspect, inRing, settings, now.Since(since));
        int gone = EjectionsSince(state, now.Plus(-settings.ChecksTimeoutMs));
        long allowed = Allowed(settings, inRing + gone);
        return gone + 1 <= allowed
            ? null
            : $"max_eject_share lets {allowed} of {inRing + gone} nodes go within {settings.ChecksTimeoutMs} ms, and {gone} went";
    }

    private static string? HoldSuspect(int suspect, int inRing, NodeHealthSettings settings, long suspectForMs)
    {
        if (suspectForMs < settings.ChecksTimeoutMs)
            return $"suspect for {suspectForMs} ms of {settings.ChecksTimeoutMs}";
        long allowed = Allowed(settings, inRing);
        return suspect <= allowed ? null : $"{suspect} of {inRing} nodes are suspect, and max_eject_share lets {allowed} go";
    }

    private static long Allowed(NodeHealthSettings settings, int nodes) =>
        Math.Max(1, (long)settings.MaxEjectSharePermille * nodes / 1000);

    private static int EjectionsSince(ClusterState state, LogTime oldest)
    {
        // The set holds little more than the window: apply drops what is older.
        int older = 0;
        while (older < state.Ejections.Count && state.Ejections[older].At < oldest)
            older++;
        return state.Ejections.Count - older;
    }
}
