using GaleLb.Raft;

namespace GaleLb.Simulation.Oracles;

/// <summary>A member votes for one candidate in a term, across its crashes (thesis §3.8).</summary>
internal sealed class VotesOnce : Oracle
{
    private readonly Dictionary<(MemberId, Term), MemberId> _votes = [];

    public override void Sent(Message message)
    {
        switch (message)
        {
            case VoteResponse { PreVote: false, Granted: true }:
                Voted(message.From, message.Term, message.To);
                break;
            case VoteRequest { PreVote: false }:
                Voted(message.From, message.Term, message.From);
                break;
        }
    }

    private void Voted(MemberId voter, Term term, MemberId candidate)
    {
        if (!_votes.TryAdd((voter, term), candidate) && _votes[(voter, term)] != candidate)
            throw Failure($"{voter} voted in term {term} for {_votes[(voter, term)]} and for {candidate}");
    }
}
