using GaleLb.LoadBalancer.Nodes;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.State;
using GaleLb.State.History;
using GaleLb.State.Snapshots;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>The state machine as the replica drives it, and its present state as everybody else reads it.</summary>
/// <param name="clock">Told of the log's time.</param>
/// <param name="versionMax">The highest state version that this replica applies, and says it does.</param>
internal sealed class ClusterMachine(LogClock clock, uint versionMax = ClusterState.StateVersionMax) : IReplicatedStateMachine
{
    private readonly ClusterStateMachine _machine = new(versionMax);
    private volatile StateHistory _history = StateHistory.Empty;
    private Action _changed = static () => { };

    /// <summary>The state after the last applied entry. Immutable; safe on any thread.</summary>
    public ClusterState State => _machine.Current;

    public uint VersionMax => versionMax;

    /// <summary>This release could apply more.</summary>
    public bool IsRehearsal => versionMax < ClusterState.StateVersionMax;

    public LogIndex AppliedIndex => _machine.AppliedIndex;

    /// <summary>The newest states by index, in this process alone: it begins with the log that is replayed at start.</summary>
    public StateHistory History => _history;

    /// <summary>Called on the replica's thread after each entry and each restore; must not block. Given before the replica starts.</summary>
    public void WhenChanged(Action follower) => _changed += follower;

    public ReadOnlyMemory<byte> Apply(Entry entry)
    {
        try
        {
            ReadOnlyMemory<byte> answer = _machine.Apply(entry.Index, entry.Term, entry.Kind, entry.Payload);
            Published();
            return answer;
        }
        catch (UnsupportedStateVersionException error)
        {
            throw Unfit(error);
        }
    }

    public IStateCapture Capture() => new StateCapture(_machine.Capture());

    public void Restore(SnapshotMetadata metadata, ReadOnlyMemory<byte> state)
    {
        try
        {
            _machine.Restore(metadata.Index, state.Span);
        }
        catch (UnsupportedStateVersionException error)
        {
            throw Unfit(error);
        }

        Published();
    }

    /// <summary>What only a rehearsal keeps from being applied needs no newer release.</summary>
    private UnfitMachineException Unfit(UnsupportedStateVersionException error) => new(
        error.Version > ClusterState.StateVersionMax
            ? error.Message
            : $"The cluster's state is of version {error.Version}; {StateVersions.RehearsalVariable} has this replica apply up to version {versionMax}. Unset it.",
        error);

    private void Published()
    {
        ClusterState state = State;
        _history = _history.With(state);
        clock.Applied(state.LogTime.Milliseconds);
        _changed();
    }

    private sealed class StateCapture(ClusterState state) : IStateCapture
    {
        public ReadOnlyMemory<byte> Encode() => StateSnapshotCodec.Encode(state);
    }
}
