using System.Collections.Immutable;

namespace GaleLb.Raft;

public enum RaftRole : byte
{
    Follower,
    PreCandidate,
    Candidate,
    Leader,
}

/// <summary>A leader's view of one member, or a member's view of itself; for status only.</summary>
public sealed record MemberProgress(MemberId Id, LogIndex Match, LogIndex Next, bool RecentlyActive, bool Snapshotting);

public sealed record RaftStatus(
    MemberId Self, RaftRole Role, Term Term, MemberId Leader, LogIndex FirstIndex, LogIndex LastIndex, LogIndex CommitIndex,
    Membership Membership, ImmutableArray<MemberProgress> Progress, LogLoss Loss);
