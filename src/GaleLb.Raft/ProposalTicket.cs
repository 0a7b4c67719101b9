namespace GaleLb.Raft;

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
