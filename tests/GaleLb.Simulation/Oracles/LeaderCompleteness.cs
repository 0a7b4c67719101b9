using GaleLb.Raft;
using GaleLb.Simulation.Replicas;

namespace GaleLb.Simulation.Oracles;

/// <summary>
/// An entry committed in a term is in the logs of the leaders of all later terms (thesis figure 3.2). A leader that learns late of
/// its election, after a later term has begun, is judged by its own term.
/// </summary>
internal sealed class LeaderCompleteness : Oracle
{
    private readonly HashSet<Term> _judged = [];

    /// <summary>By the term of the member that applied it first, which is the term of its commitment or a later one.</summary>
    private readonly SortedDictionary<Term, (LogIndex Index, Term EntryTerm)> _committed = [];
    private LogIndex _last;

    public override void Applied(SimulatedMember member, Entry entry, ulong? stateDigest)
    {
        if (entry.Index <= _last)
            return;
        _last = entry.Index;
        _committed[member.Term] = (entry.Index, entry.Term);
    }

    public override void Stepped(SimulatedMember member)
    {
        if (member.Role != RaftRole.Leader || !_judged.Add(member.Term))
            return;
        (LogIndex index, Term entryTerm) = (LogIndex.Zero, Term.Zero);
        foreach ((Term term, (LogIndex Index, Term EntryTerm) last) in _committed)
            if (term < member.Term && last.Index > index)
                (index, entryTerm) = last;
        if (member.LastIndex < index)
            throw Failure($"{member.Id} leads term {member.Term} with a log up to {member.LastIndex}, but {index} was committed");
        if (member.TryTermAt(index, out Term own) && own != entryTerm)
            throw Failure($"{member.Id} leads term {member.Term} with an entry of term {own} at {index}, where one of term {entryTerm} was committed");
    }
}
