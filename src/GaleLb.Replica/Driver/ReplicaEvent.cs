using GaleLb.Raft;
using GaleLb.Replica.Storage;

namespace GaleLb.Replica.Driver;

public enum ReplicaEventKind : byte
{
    Time,
    Message,
    Proposal,
    Read,
    MembershipChange,
    Transfer,
    Introduced,
    DiskCompleted,
    DiskFailed,
    SnapshotEncoded,
}

/// <summary>Something that happened, as the driver takes it in. Tokens are the caller's and come back in the completing effect.</summary>
public readonly struct ReplicaEvent
{
    private ReplicaEvent(ReplicaEventKind kind, ulong token = 0, object? subject = null, ReadOnlyMemory<byte> bytes = default, DiskLane lane = default)
    {
        Kind = kind;
        Token = token;
        Subject = subject;
        Bytes = bytes;
        Lane = lane;
    }

    public ReplicaEventKind Kind { get; }
    public ulong Token { get; }
    internal object? Subject { get; }
    internal ReadOnlyMemory<byte> Bytes { get; }
    internal DiskLane Lane { get; }

    /// <summary>Time passed; the driver reads it from the clock argument.</summary>
    public static ReplicaEvent Time() => new(ReplicaEventKind.Time);

    public static ReplicaEvent Message(Message message) => new(ReplicaEventKind.Message, subject: message);

    public static ReplicaEvent Proposal(ulong token, ReadOnlyMemory<byte> command) => new(ReplicaEventKind.Proposal, token, bytes: command);

    public static ReplicaEvent Read(ulong token) => new(ReplicaEventKind.Read, token);

    public static ReplicaEvent MembershipChange(ulong token, Func<Membership, Membership> change) =>
        new(ReplicaEventKind.MembershipChange, token, change);

    public static ReplicaEvent Transfer(ulong token, MemberId to) => new(ReplicaEventKind.Transfer, token, to);

    public static ReplicaEvent Introduced(PeerIntroduction peer) => new(ReplicaEventKind.Introduced, subject: peer);

    public static ReplicaEvent DiskCompleted(DiskLane lane) => new(ReplicaEventKind.DiskCompleted, lane: lane);

    public static ReplicaEvent DiskFailed(DiskLane lane, StorageException failure) => new(ReplicaEventKind.DiskFailed, subject: failure, lane: lane);

    /// <summary>The answer to <see cref="ReplicaEffectKind.EncodeSnapshot"/>.</summary>
    public static ReplicaEvent SnapshotEncoded(Snapshot snapshot) => new(ReplicaEventKind.SnapshotEncoded, subject: snapshot);
}
