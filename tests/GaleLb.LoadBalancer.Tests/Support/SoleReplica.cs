using GaleLb.LoadBalancer.Cluster;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.State;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Tests.Support;

/// <summary>Consensus of one: what is proposed is committed and applied at once, by the real state machine.</summary>
internal sealed class SoleReplica(ClusterMachine machine) : IReplica
{
    public static readonly MemberId Id = new(0x11);
    public const string Address = "127.0.0.1:9090";

    public MemberId Self => Id;

    public Membership Membership { get; set; } = new([new Member(Id, Address, MemberRole.Voter)]);

    public RaftRole Role { get; set; } = RaftRole.Leader;

    /// <summary>Whom it follows while it does not lead.</summary>
    public MemberId Follows { get; set; } = MemberId.None;

    /// <summary>What becomes of proposals that are not committed; null: all are.</summary>
    public ProposalOutcome? Refuses { get; set; }

    /// <summary>Whether a leader confirms that this replica is up to date; if not, whoever waits for it is taken to have lost patience.</summary>
    public bool Confirms { get; set; } = true;

    public List<MemberProgress> Progress { get; } = [];

    /// <summary>Who took leadership over, in order.</summary>
    public List<MemberId> Transfers { get; } = [];

    public ReplicaStatus Status => new(
        Id, Role, new Term(1), Role == RaftRole.Leader ? Id : Follows, new LogIndex(1), machine.AppliedIndex, machine.AppliedIndex,
        machine.AppliedIndex, LogIndex.Zero, Membership, [.. Progress], LeaderContact: true, DirectoryEmpty: false, new FoundingStatus(false, ""));

    public CommandAnswer Apply(Command command)
    {
        ReadOnlyMemory<byte> answer = Commit(EntryKind.Command, CommandCodec.Encode(new CommandEnvelope(command) { LogTime = machine.State.LogTime }));
        return CommandAnswerCodec.Decode(answer.Span);
    }

    public Task<ProposalResult> ProposeAsync(ReadOnlyMemory<byte> command, CancellationToken cancellation) => Refuses is { } outcome
        ? Task.FromResult(new ProposalResult(outcome, LogIndex.Zero, MemberId.None, default))
        : Role == RaftRole.Leader
        ? Task.FromResult(new ProposalResult(ProposalOutcome.Committed, machine.AppliedIndex, Id, Commit(EntryKind.Command, command)))
        : Task.FromResult(new ProposalResult(ProposalOutcome.NotLeader, LogIndex.Zero, MemberId.None, default));

    public Task<ReadResult> ReadBarrierAsync(CancellationToken cancellation) => Confirms
        ? Task.FromResult(new ReadResult(machine.AppliedIndex))
        : Task.FromCanceled<ReadResult>(new CancellationToken(canceled: true));

    public Task<ProposalResult> ChangeMembershipAsync(Func<Membership, Membership> change, CancellationToken cancellation)
    {
        Membership next = change(Membership);
        if (next.Equals(Membership))
            return Task.FromResult(new ProposalResult(ProposalOutcome.MembershipChangePending, LogIndex.Zero, Id, default));
        Membership = next;
        Commit(EntryKind.Membership, default);
        return Task.FromResult(new ProposalResult(ProposalOutcome.Committed, machine.AppliedIndex, Id, default));
    }

    public Task<bool> TransferLeadershipAsync(MemberId to, CancellationToken cancellation)
    {
        Transfers.Add(to);
        return Task.FromResult(Progress.Any(p => p.Id == to && p.RecentlyActive));
    }

    private ReadOnlyMemory<byte> Commit(EntryKind kind, ReadOnlyMemory<byte> payload) =>
        machine.Apply(new Entry(machine.AppliedIndex.Next(), new Term(1), kind, payload));
}
