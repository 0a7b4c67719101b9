using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.State.History;

/// <summary>
/// The newest states, one for each log index without a gap. Immutable; neighbours share what did not change, so that a state
/// costs what its entry touched.
/// </summary>
/// <remarks>
/// Bounded twice: by <see cref="StatesMax"/>, and, since one entry may change a thousand nodes, by <see cref="ChangesMax"/>
/// told changes. The newest state is always kept.
/// </remarks>
public sealed class StateHistory
{
    public const int StatesMax = 1024;
    public const int ChangesMax = 16_384;

    public static readonly StateHistory Empty = new([], 0);

    private readonly ImmutableList<ClusterState> _states;
    private readonly int _changes;

    private StateHistory(ImmutableList<ClusterState> states, int changes) => (_states, _changes) = (states, changes);

    public int Count => _states.Count;

    /// <summary>Zero while nothing is kept.</summary>
    public LogIndex Oldest => _states.IsEmpty ? LogIndex.Zero : _states[0].AppliedIndex;

    /// <summary>Zero while nothing is kept.</summary>
    public LogIndex Newest => _states.IsEmpty ? LogIndex.Zero : _states[^1].AppliedIndex;

    /// <summary>Null when the state after this entry is not kept any more, or is yet to come.</summary>
    public ClusterState? Find(LogIndex index) =>
        _states.IsEmpty || index < Oldest || index > Newest ? null : _states[(int)(index.Value - Oldest.Value)];

    /// <summary>Takes in the state after the next entry; one that leaves a gap, as after a restore, begins anew.</summary>
    public StateHistory With(ClusterState state)
    {
        if (_states.IsEmpty || state.AppliedIndex != Newest.Next())
            return new StateHistory([state], Changes(state));
        ImmutableList<ClusterState> states = _states.Add(state);
        int changes = _changes + Changes(state);
        while (states.Count > 1 && (states.Count > StatesMax || changes > ChangesMax))
        {
            changes -= Changes(states[0]);
            states = states.RemoveAt(0);
        }

        return new StateHistory(states, changes);
    }

    /// <summary>What an entry changed, as far as it told so; at least one.</summary>
    private static int Changes(ClusterState state)
    {
        int told = 0;
        for (int i = state.Events.Count - 1; i >= 0 && state.Events[i].Index == state.AppliedIndex; i--)
            told++;
        return Math.Max(1, told);
    }
}
