using GaleLb.Raft;

namespace GaleLb.Replica.Driver;

public enum ReplicaEffectKind : byte
{
    /// <summary>Send <see cref="ReplicaEffect.Message"/>; it may be lost.</summary>
    Send,

    /// <summary>Execute <see cref="ReplicaEffect.Batch"/> and report it completed or failed.</summary>
    Disk,

    /// <summary>The proposal or membership change <see cref="ReplicaEffect.Token"/> ended as <see cref="ReplicaEffect.Proposal"/>.</summary>
    CompleteProposal,

    /// <summary>The read <see cref="ReplicaEffect.Token"/> may be answered at <see cref="ReplicaEffect.Index"/>; null: no leader confirmed it.</summary>
    CompleteRead,

    /// <summary>The transfer <see cref="ReplicaEffect.Token"/> ended; <see cref="ReplicaEffect.Succeeded"/> says how.</summary>
    CompleteTransfer,

    /// <summary>The state machine stands at <see cref="ReplicaEffect.Index"/>.</summary>
    Applied,

    /// <summary>Encode <see cref="ReplicaEffect.Capture"/>, anywhere, and report the snapshot named <see cref="ReplicaEffect.Metadata"/>.</summary>
    EncodeSnapshot,

    /// <summary>Something people should know: <see cref="ReplicaEffect.Text"/>.</summary>
    Note,

    /// <summary>The process must end; <see cref="ReplicaEffect.Text"/> says why.</summary>
    Fatal,
}

/// <summary>Work the driver asks for. Effects are carried out in order, each as far as its kind says.</summary>
public readonly struct ReplicaEffect
{
    private ReplicaEffect(ReplicaEffectKind kind, object? subject = null, ulong token = 0, LogIndex? index = null, ProposalResult proposal = default, bool succeeded = false, SnapshotMetadata? metadata = null)
    {
        Kind = kind;
        Subject = subject;
        Token = token;
        Index = index;
        Proposal = proposal;
        Succeeded = succeeded;
        Metadata = metadata;
    }

    public ReplicaEffectKind Kind { get; }
    public ulong Token { get; }
    public LogIndex? Index { get; }
    public ProposalResult Proposal { get; }
    public bool Succeeded { get; }
    public SnapshotMetadata? Metadata { get; }
    public Message Message => (Message)Subject!;
    public DiskBatch Batch => (DiskBatch)Subject!;
    public IStateCapture Capture => (IStateCapture)Subject!;
    public string Text => (string)Subject!;
    private object? Subject { get; }

    public static ReplicaEffect Send(Message message) => new(ReplicaEffectKind.Send, message);

    public static ReplicaEffect Disk(DiskBatch batch) => new(ReplicaEffectKind.Disk, batch);

    public static ReplicaEffect CompleteProposal(ulong token, in ProposalResult result) =>
        new(ReplicaEffectKind.CompleteProposal, token: token, proposal: result);

    public static ReplicaEffect CompleteRead(ulong token, LogIndex? index) => new(ReplicaEffectKind.CompleteRead, token: token, index: index);

    public static ReplicaEffect CompleteTransfer(ulong token, bool succeeded) => new(ReplicaEffectKind.CompleteTransfer, token: token, succeeded: succeeded);

    public static ReplicaEffect Applied(LogIndex index) => new(ReplicaEffectKind.Applied, index: index);

    public static ReplicaEffect EncodeSnapshot(IStateCapture capture, SnapshotMetadata metadata) =>
        new(ReplicaEffectKind.EncodeSnapshot, capture, metadata: metadata);

    public static ReplicaEffect Note(string text) => new(ReplicaEffectKind.Note, text);

    public static ReplicaEffect Fatal(string reason) => new(ReplicaEffectKind.Fatal, reason);
}
