using GaleLb.Raft;

namespace GaleLb.State.Settings;

/// <summary>The next file baseline, committed by the entry <paramref name="Index"/> and not yet in force.</summary>
public sealed record StagedSettings(ClusterSettings Settings, LogIndex Index);
