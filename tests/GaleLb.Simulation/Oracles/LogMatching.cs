using GaleLb.Raft;

namespace GaleLb.Simulation.Oracles;

/// <summary>
/// Logs that share an entry's index and term are equal up to there (thesis figure 3.2): index and term determine the payload and the
/// term before. Watched on what leaders send, which is how entries travel.
/// </summary>
internal sealed class LogMatching : Oracle
{
    private readonly Dictionary<(LogIndex, Term), (Term Previous, ulong Payload)> _entries = [];

    public override void Sent(Message message)
    {
        if (message is not AppendRequest append)
            return;
        Term previous = append.PreviousTerm;
        foreach (Entry entry in append.Entries)
        {
            (Term, ulong) now = (previous, Digest.Of(entry));
            if (!_entries.TryAdd((entry.Index, entry.Term), now) && _entries[(entry.Index, entry.Term)] != now)
                throw Failure($"entry {entry.Index} of term {entry.Term}, sent by {message.From}, differs from another of that index and term");
            previous = entry.Term;
        }
    }
}
