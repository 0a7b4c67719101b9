using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.Replica;

/// <summary>
/// The seam between consensus and everything else: behind it another consensus library could stand (docs/decisions/0001).
/// Thread-safe.
/// </summary>
public interface IReplica
{
    MemberId Self { get; }

    /// <summary>A snapshot of role, term, indexes, membership and progress, at most one event old.</summary>
    ReplicaStatus Status { get; }

    /// <summary>Proposes a command and completes once it is applied here. Only the leader accepts one.</summary>
    Task<ProposalResult> ProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellation);

    /// <summary>Completes once this replica has applied everything that was committed when the call was made (ReadIndex).</summary>
    Task<ReadResult> ReadBarrierAsync(CancellationToken cancellation);

    /// <summary>Proposes the next configuration, which differs from the present one in one member.</summary>
    Task<ProposalResult> ChangeMembershipAsync(Func<Membership, Membership> change, CancellationToken cancellation);

    /// <summary>Completes when another member leads, or fails after an election timeout.</summary>
    Task<bool> TransferLeadershipAsync(MemberId to, CancellationToken cancellation);
}

public enum ProposalOutcome : byte
{
    Committed,
    NotLeader,
    Busy,
    MembershipChangePending,

    /// <summary>Leadership changed meanwhile: it may or may not be committed. Repeat it under the same idempotency key.</summary>
    Unknown,
}

/// <summary>What became of a proposal; <paramref name="Answer"/> is what the state machine returned for it, empty unless committed.</summary>
public readonly record struct ProposalResult(ProposalOutcome Outcome, LogIndex Index, MemberId Leader, ReadOnlyMemory<byte> Answer);

/// <summary><paramref name="Index"/> is null when no leader could confirm the read.</summary>
public readonly record struct ReadResult(LogIndex? Index);

/// <summary>
/// This replica's place in the cluster. <paramref name="LeaderContact"/> is false when an election timeout has passed
/// without word from a leader (or, for a leader, from a quorum). <paramref name="Loss"/>: what this replica acknowledged
/// and lost to its disk; until the others have made it good its vote counts as docs/decisions/0009 says.
/// </summary>
public sealed record ReplicaStatus(
    MemberId Self, RaftRole Role, Term Term, MemberId Leader, LogIndex FirstIndex, LogIndex LastIndex, LogIndex CommitIndex,
    LogIndex AppliedIndex, LogIndex SnapshotIndex, Membership Membership, ImmutableArray<MemberProgress> Progress,
    bool LeaderContact, bool DirectoryEmpty, FoundingStatus Founding, LogLoss Loss = LogLoss.None);

/// <summary>Where a replica without a cluster stands, for people: what it waits for, and on whom.</summary>
public sealed record FoundingStatus(bool Waiting, string Reason);

/// <summary>The replicated state machine, driven from one thread by the replica.</summary>
public interface IReplicatedStateMachine
{
    LogIndex AppliedIndex { get; }

    /// <summary>Applies the next entry of whatever kind and returns the answer for its proposer (empty for none).</summary>
    /// <exception cref="UnfitMachineException">The cluster has gone where this program cannot follow; nothing has changed.</exception>
    ReadOnlyMemory<byte> Apply(Entry entry);

    /// <summary>An immutable capture of the present state; cheap. It may be encoded on another thread.</summary>
    IStateCapture Capture();

    /// <summary>Replaces the state by an encoded one.</summary>
    /// <exception cref="InvalidDataException">The bytes are not a state that this version can read; nothing has changed.</exception>
    /// <exception cref="UnfitMachineException">The state is of a kind that this program cannot apply; nothing has changed.</exception>
    void Restore(SnapshotMetadata metadata, ReadOnlyMemory<byte> state);
}

/// <summary>What is committed is beyond this program: no defect, but it must not go on. The message is for the operator.</summary>
public sealed class UnfitMachineException(string message, Exception cause) : Exception(message, cause);

/// <summary>A state at one index, ready to be encoded.</summary>
public interface IStateCapture
{
    ReadOnlyMemory<byte> Encode();
}

/// <summary>Carries messages to peers. <see cref="Send"/> never blocks and never throws; what cannot be sent is dropped.</summary>
public interface IPeerTransport
{
    void Send(Message message);
}

/// <summary>What a peer said of itself when it was last met, as far as founding a cluster needs it.</summary>
public sealed record PeerIntroduction(MemberId Id, string Address, bool Empty, ImmutableArray<string> Peers);
