using System.Collections.Immutable;

namespace GaleLb.Raft;

/// <summary>What became of entries that a member acknowledged (docs/decisions/0009). The values are part of a file's format.</summary>
public enum LogLoss : byte
{
    /// <summary>All are there.</summary>
    None = 0,

    /// <summary>The last write may have been acknowledged and lost, or may never have finished.</summary>
    Possible = 1,

    /// <summary>Some are lost.</summary>
    Certain = 2,
}

/// <summary>What a member starts from, as read back from disk.</summary>
public sealed record RaftRecovery
{
    public HardState HardState { get; init; }
    public SnapshotMetadata? Snapshot { get; init; }

    /// <summary>The log behind the snapshot, contiguous.</summary>
    public ImmutableArray<Entry> Entries { get; init; } = [];

    /// <summary>
    /// Whether entries that this member acknowledged are missing, as after damage to its disk. Term and vote are certain. Kept by
    /// the caller over restarts until <see cref="Ready.Recovered"/>.
    /// </summary>
    public LogLoss Loss { get; init; }
}
