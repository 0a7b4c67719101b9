using GaleLb.LoadBalancer.Nodes;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.State;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>The state machine as the replica drives it, and its present state as everybody else reads it.</summary>
internal sealed class ClusterMachine(LogClock clock) : IReplicatedStateMachine
{
    private readonly StateMachine _machine = new();
    private volatile ClusterState _state = ClusterState.Empty;

    /// <summary>The state after the last applied entry. Immutable; safe on any thread.</summary>
    public ClusterState State => _state;

    public LogIndex AppliedIndex => _machine.Current.AppliedIndex;

    /// <summary>Called on the replica's thread after each entry and each restore; must not block.</summary>
    public event Action? Changed;

    public ReadOnlyMemory<byte> Apply(Entry entry)
    {
        ReadOnlyMemory<byte> answer = _machine.Apply(entry);
        Publish();
        return answer;
    }

    public IStateCapture Capture() => new StateCapture(_machine.Current);

    public void Restore(SnapshotMetadata metadata, ReadOnlyMemory<byte> state)
    {
        _machine.Restore(state.Span);
        Publish();
    }

    private void Publish()
    {
        _state = _machine.Current;
        clock.Applied(_state.LogTime.Milliseconds);
        Changed?.Invoke();
    }

    private sealed class StateCapture(ClusterState state) : IStateCapture
    {
        public ReadOnlyMemory<byte> Encode() => StateMachine.Encode(state);
    }
}
