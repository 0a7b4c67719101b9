using System.Collections.Immutable;

namespace GaleLb.Raft;

/// <summary>
/// Work the core hands to its caller, in this order of obligations: <see cref="Messages"/> may leave at once;
/// <see cref="HardState"/>, <see cref="Snapshot"/> and <see cref="Entries"/> go to disk and are synced, then
/// <see cref="RaftNode.Persisted"/> is called with <see cref="Sequence"/> and <see cref="MessagesAfterPersist"/> may
/// leave; <see cref="Committed"/> is applied in order (every entry of it is already durable here).
/// Several may be outstanding; they are persisted in sequence.
/// </summary>
public sealed record Ready
{
    public required ulong Sequence { get; init; }

    /// <summary>Null when unchanged since the last ready.</summary>
    public HardState? HardState { get; init; }

    /// <summary>A received snapshot, to be made durable and to replace log and state machine before anything in <see cref="Committed"/>.</summary>
    public Snapshot? Snapshot { get; init; }

    /// <summary>Entries to append. The first may lie at or below the last persisted index: what was there and beyond is replaced.</summary>
    public ImmutableArray<Entry> Entries { get; init; } = [];

    public ImmutableArray<Message> Messages { get; init; } = [];
    public ImmutableArray<Message> MessagesAfterPersist { get; init; } = [];
    public ImmutableArray<Entry> Committed { get; init; } = [];

    /// <summary>Reads that may be answered once the state machine has applied up to the index given.</summary>
    public ImmutableArray<ReadGrant> Reads { get; init; } = [];

    /// <summary>The log is complete again: the caller forgets that it was not (<see cref="RaftRecovery.Loss"/>), at its leisure.</summary>
    public bool Recovered { get; init; }

    public bool NeedsPersist => HardState is not null || Snapshot is not null || !Entries.IsEmpty || !MessagesAfterPersist.IsEmpty;
}

/// <summary>The answer to <see cref="RaftNode.RequestRead"/>; <paramref name="Index"/> is null when the read failed (no leader, or it changed): ask again.</summary>
public readonly record struct ReadGrant(ulong Token, LogIndex? Index);
