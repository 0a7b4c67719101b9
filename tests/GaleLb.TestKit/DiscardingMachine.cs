using GaleLb.Raft;
using GaleLb.Replica;

namespace GaleLb.TestKit;

/// <summary>A state machine without state, for measuring what lies below one.</summary>
public sealed class DiscardingMachine : IReplicatedStateMachine
{
    public LogIndex AppliedIndex { get; private set; }

    public ReadOnlyMemory<byte> Apply(Entry entry)
    {
        AppliedIndex = entry.Index;
        return default;
    }

    public IStateCapture Capture() => new Nothing();

    public void Restore(SnapshotMetadata metadata, ReadOnlyMemory<byte> state) => AppliedIndex = metadata.Index;

    private sealed class Nothing : IStateCapture
    {
        public ReadOnlyMemory<byte> Encode() => default;
    }
}
