using System.Collections.Immutable;

namespace GaleLb.Raft;

public enum RaftRole : byte
{
    Follower,
    PreCandidate,
    Candidate,
    Leader,
}

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

/// <summary>What a member starts from, as read back from disk.</summary>
public sealed record RaftRecovery
{
    public HardState HardState { get; init; }
    public SnapshotMetadata? Snapshot { get; init; }

    /// <summary>The log behind the snapshot, contiguous.</summary>
    public ImmutableArray<Entry> Entries { get; init; } = [];
}

/// <summary>The source of election jitter; the core has no randomness of its own.</summary>
public interface IElectionJitter
{
    /// <summary>A number in [0, <paramref name="bound"/>).</summary>
    int Next(int bound);
}

/// <summary>Where the core reads chunks of this member's latest snapshot to send. Declared here, implemented by the caller.</summary>
public interface ISnapshotSource
{
    /// <summary>The newest durable snapshot, or null.</summary>
    SnapshotMetadata? Latest { get; }

    /// <summary>The size in bytes of the snapshot at <paramref name="index"/>, or −1 when it is gone.</summary>
    long Length(LogIndex index);

    /// <summary>At most <paramref name="maxBytes"/> bytes from <paramref name="offset"/>; empty when the snapshot is gone.</summary>
    ReadOnlyMemory<byte> Read(LogIndex index, long offset, int maxBytes);
}

public enum ProposalRefusal : byte
{
    None = 0,
    NotLeader,

    /// <summary>Too much is uncommitted, or leadership is being handed over: try again later.</summary>
    Busy,

    /// <summary>A membership change is under way, this leader has not yet committed in its term, or the change is not of one member.</summary>
    MembershipChangePending,
}

/// <summary>Where a proposal stands in the log, or why it does not. It is committed when an entry of this index <em>and</em> term is applied.</summary>
public readonly record struct ProposalTicket(LogIndex Index, Term Term, ProposalRefusal Refusal)
{
    public bool Accepted => Refusal == ProposalRefusal.None;
}

/// <summary>A leader's view of one member, or a member's view of itself; for status only.</summary>
public sealed record MemberProgress(MemberId Id, LogIndex Match, LogIndex Next, bool RecentlyActive, bool Snapshotting);

public sealed record RaftStatus(
    MemberId Self, RaftRole Role, Term Term, MemberId Leader, LogIndex FirstIndex, LogIndex LastIndex, LogIndex CommitIndex,
    Membership Membership, ImmutableArray<MemberProgress> Progress);

/// <summary>
/// The consensus core of one member: a synchronous state machine without clock, task, socket, file or logger. Messages go
/// in through <see cref="Step"/>, time through <see cref="Tick"/>, and work comes out through <see cref="TakeReady"/>.
/// Not thread-safe; one caller at a time.
/// </summary>
/// <remarks>After Ongaro, "Consensus: Bridging Theory and Practice" (2014), whose section numbers the comments cite.</remarks>
public sealed partial class RaftNode
{
    public RaftNode(MemberId self, RaftOptions options, RaftRecovery recovery, ISnapshotSource snapshots, IElectionJitter jitter) =>
        throw new NotSupportedException();

    public RaftStatus Status => throw new NotSupportedException();

    /// <summary>One tick of time has passed.</summary>
    public void Tick() => throw new NotSupportedException();

    /// <summary>A message arrived. One for another member, or from a term gone by, is ignored as the thesis says.</summary>
    public void Step(Message message) => throw new NotSupportedException();

    /// <summary>
    /// Founds a cluster: takes <paramref name="membership"/> as the initial configuration of an empty log and campaigns. The
    /// caller has made sure that a majority of it is empty too. On victory the leader appends the membership as entry 1.
    /// </summary>
    public void Found(Membership membership) => throw new NotSupportedException();

    public void Campaign() => throw new NotSupportedException();

    public ProposalTicket Propose(ReadOnlyMemory<byte> command) => throw new NotSupportedException();

    /// <summary>Proposes a configuration that differs from the present one in one member (thesis §4.3).</summary>
    public ProposalTicket ProposeMembership(Membership membership) => throw new NotSupportedException();

    /// <summary>Asks at which index a linearizable read may be answered; the answer comes in <see cref="Ready.Reads"/>. False: too many are pending.</summary>
    public bool RequestRead(ulong token) => throw new NotSupportedException();

    public bool TransferLeadership(MemberId to) => throw new NotSupportedException();

    /// <summary>Gives up leadership without a successor, and does not campaign until told (a full disk).</summary>
    public void StepDown() => throw new NotSupportedException();

    public bool HasReady => throw new NotSupportedException();

    public Ready TakeReady() => throw new NotSupportedException();

    /// <summary>All readies up to <paramref name="sequence"/> are durable.</summary>
    public void Persisted(ulong sequence) => throw new NotSupportedException();

    /// <summary>The state machine has applied up to <paramref name="index"/>.</summary>
    public void Applied(LogIndex index) => throw new NotSupportedException();

    /// <summary>A snapshot at <paramref name="index"/> is durable; entries up to it, less <paramref name="trailing"/>, are forgotten.</summary>
    public void Compact(LogIndex index, int trailing) => throw new NotSupportedException();
}
