using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Events;

namespace GaleLb.State.Rules;

/// <summary>Entries that change nothing but the index, and are told as events.</summary>
internal static class NoteRules
{
    public static ClusterState Note(ClusterState state, LogIndex index, EventKind kind, string cause)
    {
        // Such entries carry no times of their own: log time stands, and there is no wall time to show.
        CommandEnvelope envelope = new(new UnstageSettings()) { LogTime = state.LogTime, Origin = "log" };
        Transition transition = new(state, index, envelope);
        transition.Tell(kind, "", cause);
        return transition.State;
    }
}
