namespace GaleLb.Raft;

/// <summary>The votes of one campaign. Only those of voters of the candidate's own configuration count, each once.</summary>
internal sealed class VoteTally
{
    private readonly List<MemberId> _granted = [];
    private readonly List<MemberId> _refused = [];

    public void Clear()
    {
        _granted.Clear();
        _refused.Clear();
    }

    public void Record(MemberId voter, bool granted)
    {
        if (!_granted.Contains(voter) && !_refused.Contains(voter))
            (granted ? _granted : _refused).Add(voter);
    }

    public bool IsWon(Membership membership) => Count(_granted, membership) >= membership.Quorum;

    /// <summary>So many refused that a quorum can no longer be reached.</summary>
    public bool IsLost(Membership membership) => membership.Voters.Length - Count(_refused, membership) < membership.Quorum;

    private static int Count(List<MemberId> votes, Membership membership)
    {
        int count = 0;
        foreach (MemberId id in votes)
            if (membership.IsVoter(id))
                count++;
        return count;
    }
}
