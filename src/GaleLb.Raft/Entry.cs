namespace GaleLb.Raft;

/// <summary>What an entry carries. The values are part of the WAL and wire formats.</summary>
public enum EntryKind : byte
{
    /// <summary>A new leader's first entry, with which it commits what earlier terms left (thesis §3.6.2).</summary>
    Empty = 0,

    /// <summary>A state-machine command; opaque to the core.</summary>
    Command = 1,

    /// <summary>A whole <see cref="Membership"/>, in force as soon as it is appended (thesis §4.1).</summary>
    Membership = 2,
}

/// <summary>One entry of the replicated log. The payload is never mutated after construction.</summary>
public sealed record Entry(LogIndex Index, Term Term, EntryKind Kind, ReadOnlyMemory<byte> Payload);

/// <summary>What must survive a crash beside the log: the current term and whom this member voted for in it.</summary>
public readonly record struct HardState(Term Term, MemberId Vote);

/// <summary>Names a snapshot: the last entry it covers and the membership in force there.</summary>
public sealed record SnapshotMetadata(LogIndex Index, Term Term, Membership Membership);

/// <summary>A snapshot of the state machine with its name; <paramref name="State"/> is opaque to the core.</summary>
public sealed record Snapshot(SnapshotMetadata Metadata, ReadOnlyMemory<byte> State);
