using GaleLb.State.Nodes;

namespace GaleLb.State.Health;

/// <summary>What a node is told of itself. The values are those of the protocol.</summary>
public enum AnsweredState : byte
{
    Probing = 1,
    Routable = 2,
    Draining = 3,
    Blacklisted = 4,
    Down = 5,
    Refused = 6,
}

/// <summary>The answer to a heartbeat. <paramref name="Reason"/> is empty unless there is something to tell a person.</summary>
public sealed record HeartbeatAnswer(AnsweredState State, int Passes, int Fails, long BlacklistedMsLeft, string Reason)
{
    /// <summary>
    /// The answer by the replicated state, on any replica. <paramref name="passes"/>, <paramref name="refusal"/> and
    /// <paramref name="notice"/> are what the leader adds; <paramref name="logTimeNow"/> is the state's log time plus
    /// the time since it was applied.
    /// </summary>
    public static HeartbeatAnswer Of(
        ClusterState state, LogTime logTimeNow, string node, int passes, string? refusal = null, string? notice = null)
    {
        if (refusal is not null)
            return new HeartbeatAnswer(AnsweredState.Refused, 0, 0, 0, refusal);
        if (state.FindNode(node) is not { } record)
            return new HeartbeatAnswer(AnsweredState.Probing, passes, 0, 0, notice ?? "");
        long left = 0;
        string reason = notice ?? "";
        if (record.Phase == NodePhase.Blacklisted && state.Blacklist.TryGetValue(node, out BlacklistEntry? entry))
        {
            left = Math.Max(1, entry.Until.Since(logTimeNow));
            reason = entry.Reason;
        }

        return new HeartbeatAnswer((AnsweredState)record.State, passes, record.Fails, left, reason);
    }
}
