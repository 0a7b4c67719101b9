using System.Collections.Immutable;
using GaleLb.Raft;

namespace GaleLb.Replica.Founding;

/// <summary>What a replica without a cluster should do now.</summary>
/// <param name="Found">The membership to found a cluster with; null to wait.</param>
/// <param name="Reason">What it waits for, for people; empty when it does not wait.</param>
public readonly record struct FoundingDecision(Membership? Found, string Reason);

/// <summary>Timing of founding, as durations of the driver's clock.</summary>
public sealed record FoundingOptions
{
    /// <summary>How long a majority waits for the rest of the list, so that normally every seat is filled with a real id.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long each later replica in list order holds back, so that attempts do not collide; more than an election takes.</summary>
    public TimeSpan Turn { get; init; } = TimeSpan.FromMilliseconds(1500);
}

/// <summary>
/// Decides when a replica with an empty directory founds a cluster and whose founding it votes for. Pure: introductions and
/// time come in, decisions go out. Used only while neither log nor snapshot exists. Why it is safe: docs/decisions/0004.
/// </summary>
public sealed class FoundingPolicy
{
    private readonly FoundingRoll _roll;
    private readonly FoundingOptions _options;
    private readonly IElectionJitter _jitter;
    private readonly Func<MemberId> _newId;
    private readonly SortedDictionary<string, MemberId> _vacantIds = new(StringComparer.Ordinal);
    private TimeSpan? _majoritySince;
    private TimeSpan _turn;
    private int _turnRank = -1;
    private TimeSpan _notBefore;
    private Membership? _founding;

    /// <param name="newId">Random ids for vacant seats.</param>
    public FoundingPolicy(
        MemberId self, string address, IEnumerable<string> addresses, FoundingOptions options, IElectionJitter jitter, Func<MemberId> newId)
    {
        _roll = new FoundingRoll(self, address, addresses);
        _options = options;
        _jitter = jitter;
        _newId = newId;
    }

    /// <summary>An attempt under way must stop: a cluster has shown itself, or the list is not of one mind.</summary>
    public bool MustGiveUp => _roll.Obstacle() is not null;

    /// <summary>A peer said what it is; the latest word for an address counts.</summary>
    public void Introduced(PeerIntroduction peer) => _roll.Take(peer);

    /// <summary>
    /// Whether a request for a vote may reach the core while this replica is empty. A founder is empty too: it gets a vote only
    /// if it has the same list and nobody is known to have a cluster. A member with a log that asks for this very id has it
    /// from a membership, so that the ordinary rules of Raft decide.
    /// </summary>
    public bool MayVoteFor(MemberId candidate) =>
        _roll.Find(candidate) is { } peer && (!peer.Empty || (_roll.Agrees(peer) && _roll.Member is null));

    /// <summary>This replica gave another one's founding its vote, or may have: its own attempt waits for that one's outcome.</summary>
    public void Postpone(TimeSpan now) => _notBefore = now + _options.Turn + Jitter();

    public FoundingDecision Decide(TimeSpan now)
    {
        if (_roll.Obstacle() is { } obstacle)
        {
            _majoritySince = null;
            _founding = null;
            return new FoundingDecision(null, obstacle);
        }

        ImmutableArray<PeerIntroduction?> seats = _roll.Seats();
        TimeSpan due = Due(seats, now);
        if (now < due)
            return new FoundingDecision(null, FoundingRoll.IsComplete(seats) ? "waits its turn to found the cluster" : $"a majority is here; waits a moment for {_roll.Absent(seats)}");
        Membership membership = MembershipOf(seats);
        if (membership.Equals(_founding))
            return new FoundingDecision(null, "founding: waits for votes");
        _founding = membership;
        _notBefore = now + _options.Turn + Jitter();
        return new FoundingDecision(membership, "founding: waits for votes");
    }

    private TimeSpan Due(ImmutableArray<PeerIntroduction?> seats, TimeSpan now)
    {
        _majoritySince ??= now;
        int rank = _roll.RankOfSelf(seats);
        if (rank != _turnRank)
        {
            _turnRank = rank;
            _turn = rank == 0 ? TimeSpan.Zero : (_options.Turn * rank) + Jitter();
        }

        TimeSpan grace = FoundingRoll.IsComplete(seats) ? TimeSpan.Zero : _options.Grace;
        TimeSpan due = _majoritySince.Value + grace + _turn;
        return due > _notBefore ? due : _notBefore;
    }

    private Membership MembershipOf(ImmutableArray<PeerIntroduction?> seats)
    {
        List<Member> members = new(seats.Length);
        for (int i = 0; i < seats.Length; i++)
        {
            string address = _roll.Addresses[i];
            members.Add(seats[i] is { } peer
                ? new Member(peer.Id, address, MemberRole.Voter)
                : new Member(VacantId(address), address, MemberRole.Voter, Vacant: true));
        }

        return new Membership(members);
    }

    private MemberId VacantId(string address)
    {
        if (_vacantIds.TryGetValue(address, out MemberId id))
            return id;
        id = _newId();
        _vacantIds.Add(address, id);
        return id;
    }

    private TimeSpan Jitter()
    {
        int milliseconds = (int)_options.Turn.TotalMilliseconds;
        return milliseconds < 1 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(_jitter.Next(milliseconds));
    }
}
