using System.Collections.Immutable;

namespace GaleLb.Raft;

/// <summary>What a member starts from, as read back from disk.</summary>
public sealed record RaftRecovery
{
    public HardState HardState { get; init; }
    public SnapshotMetadata? Snapshot { get; init; }

    /// <summary>The log behind the snapshot, contiguous.</summary>
    public ImmutableArray<Entry> Entries { get; init; } = [];
}
