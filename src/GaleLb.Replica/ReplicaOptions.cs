using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.Replica.Founding;
using GaleLb.Replica.Storage;

namespace GaleLb.Replica;

/// <summary>When a snapshot is taken, and what is kept behind it.</summary>
public sealed record SnapshotPolicy
{
    /// <summary>Applied entries since the last snapshot that call for the next.</summary>
    public int EntriesMax { get; init; } = 50_000;

    /// <summary>Bytes of applied entries since the last snapshot that call for the next.</summary>
    public long BytesMax { get; init; } = 64 << 20;

    /// <summary>Entries kept in memory behind a snapshot, for followers that lag a little.</summary>
    public int TrailingEntries { get; init; } = 5_000;
}

/// <summary>One replica's settings.</summary>
public sealed record ReplicaOptions
{
    /// <summary>This replica's own address in the list, "ip:port".</summary>
    public required string Address { get; init; }

    /// <summary>The configured peer list, its own address included; used only while the directory is empty.</summary>
    public required ImmutableArray<string> Addresses { get; init; }

    /// <summary>Election and heartbeat timeouts in ticks, and the core's bounds.</summary>
    public RaftOptions Raft { get; init; } = new();

    /// <summary>How long a tick of the core is.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(10);

    public StoreOptions Store { get; init; } = new();
    public FoundingOptions Founding { get; init; } = new();
    public SnapshotPolicy Snapshots { get; init; } = new();

    /// <summary>
    /// Whether the leader answers reads without asking the others while it knows that none of them can have elected another
    /// (thesis §6.4.1). Linearizable only while no two replicas' clocks differ in rate by more than
    /// <see cref="ClockDriftMax"/>, and only if all replicas have the same setting.
    /// </summary>
    public bool LeaseReads { get; init; }

    /// <summary>By how much the rates of two replicas' clocks may differ, as a share.</summary>
    public double ClockDriftMax { get; init; } = 0.1;

    /// <summary>How long to wait before disk work that found no space is tried again.</summary>
    public TimeSpan DiskRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Messages of peers waiting to be handled; beyond it they are dropped, as a network drops them.</summary>
    public int InboundMessagesMax { get; init; } = 4096;

    /// <summary>Proposals, reads and changes waiting to be handled; beyond it they are refused as busy.</summary>
    public int InboundRequestsMax { get; init; } = 65_536;

    /// <summary>The longest time in which a member that hears no leader starts an election.</summary>
    public TimeSpan ElectionTimeoutMax => Tick * (2 * Raft.ElectionTicks);
}
