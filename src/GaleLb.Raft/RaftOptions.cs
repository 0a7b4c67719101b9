namespace GaleLb.Raft;

/// <summary>Bounds and timeouts of one member, in ticks, entries and bytes.</summary>
public sealed record RaftOptions
{
    public int HeartbeatTicks { get; init; } = 5;

    /// <summary>An election timeout is drawn from [ElectionTicks, 2 × ElectionTicks).</summary>
    public int ElectionTicks { get; init; } = 30;

    public int AppendBytesMax { get; init; } = 1 << 20;
    public int InflightAppendsMax { get; init; } = 64;
    public long InflightBytesMax { get; init; } = 16 << 20;

    /// <summary>Proposed and not yet committed; beyond it a proposal is refused as busy.</summary>
    public long UncommittedBytesMax { get; init; } = 64 << 20;

    public int PendingReadsMax { get; init; } = 4096;
    public int SnapshotChunkBytes { get; init; } = 256 << 10;
    public long SnapshotBytesMax { get; init; } = 1L << 30;

    /// <summary>A learner whose match index is within this of the leader's last may be promoted.</summary>
    public int PromotionLagMax { get; init; } = 64;
}
