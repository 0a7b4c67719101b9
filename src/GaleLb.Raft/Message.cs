using System.Collections.Immutable;

namespace GaleLb.Raft;

/// <summary>
/// What members say to each other. Names follow the thesis's RPCs; every request and response is a message of its own,
/// so that a lost one is only lost. <paramref name="Term"/> is the sender's term (in pre-vote: the term asked for).
/// </summary>
public abstract record Message(MemberId From, MemberId To, Term Term);

/// <summary>Thesis §3.4 and §9.6 (pre-vote). <paramref name="Transfer"/>: sent at the leader's own request (§3.10), so leader stickiness is waived.</summary>
public sealed record VoteRequest(
    MemberId From, MemberId To, Term Term, bool PreVote, LogIndex LastIndex, Term LastTerm, bool Transfer) : Message(From, To, Term);

/// <summary>
/// <paramref name="PreVote"/> repeats the request's. A refusal carries the refuser's own term. <paramref name="InDoubt"/>:
/// the voter may have lost entries that it acknowledged (<see cref="LogLoss.Possible"/>).
/// </summary>
public sealed record VoteResponse(MemberId From, MemberId To, Term Term, bool PreVote, bool Granted, bool InDoubt = false)
    : Message(From, To, Term);

/// <summary>
/// Thesis §3.5. <paramref name="PreviousIndex"/>/<paramref name="PreviousTerm"/> precede <paramref name="Entries"/>;
/// without entries it is a probe or an advance of <paramref name="Commit"/>.
/// </summary>
public sealed record AppendRequest(
    MemberId From, MemberId To, Term Term, LogIndex PreviousIndex, Term PreviousTerm, ImmutableArray<Entry> Entries, LogIndex Commit)
    : Message(From, To, Term);

/// <summary>
/// Accepted: <paramref name="Index"/> is the last index known to match, durable at the follower. Rejected:
/// <paramref name="Index"/> repeats the request's previous index, and the hint is where the logs may agree.
/// </summary>
public sealed record AppendResponse(
    MemberId From, MemberId To, Term Term, bool Accepted, LogIndex Index, LogIndex HintIndex, Term HintTerm) : Message(From, To, Term);

/// <summary>
/// A leader's sign of life; <paramref name="ReadSequence"/> is the newest ReadIndex round it also confirms (thesis §6.4). To a
/// member whose log is incomplete it repeats that one's token and says how far the leader's log reached when it first heard
/// the token: with that much the member is complete again. Token zero: none.
/// </summary>
public sealed record HeartbeatRequest(
    MemberId From, MemberId To, Term Term, LogIndex Commit, ulong ReadSequence, ulong RecoveryToken = 0, LogIndex RecoveryTarget = default)
    : Message(From, To, Term);

/// <summary><paramref name="RecoveryToken"/>: drawn at the start of a member whose log is incomplete; zero otherwise.</summary>
public sealed record HeartbeatResponse(MemberId From, MemberId To, Term Term, ulong ReadSequence, ulong RecoveryToken = 0)
    : Message(From, To, Term);

/// <summary>One chunk of the leader's snapshot (thesis §5.4), <paramref name="TotalBytes"/> in all, starting at <paramref name="Offset"/>.</summary>
public sealed record SnapshotChunk(
    MemberId From, MemberId To, Term Term, SnapshotMetadata Metadata, long Offset, long TotalBytes, ReadOnlyMemory<byte> Bytes)
    : Message(From, To, Term);

/// <summary>How much of the snapshot at <paramref name="Index"/> has arrived; the next chunk starts at <paramref name="NextOffset"/>.</summary>
public sealed record SnapshotChunkResponse(MemberId From, MemberId To, Term Term, LogIndex Index, long NextOffset) : Message(From, To, Term);

/// <summary>A follower's read, forwarded to the leader: at which index may it be answered?</summary>
public sealed record ReadIndexRequest(MemberId From, MemberId To, Term Term, ulong Token) : Message(From, To, Term);

/// <summary><paramref name="Index"/> is null when the asked member does not lead.</summary>
public sealed record ReadIndexResponse(MemberId From, MemberId To, Term Term, ulong Token, LogIndex? Index) : Message(From, To, Term);

/// <summary>The leader asks a caught-up member to campaign at once (thesis §3.10).</summary>
public sealed record TimeoutNow(MemberId From, MemberId To, Term Term) : Message(From, To, Term);
