namespace GaleLb.Raft;

/// <summary>
/// The votes of one campaign. Only those of voters of the candidate's own configuration count, each once. A grant by a member
/// that may have lost entries counts only where every voter grants (docs/decisions/0009).
/// </summary>
internal sealed class VoteTally
{
    private readonly List<MemberId> _granted = [];
    private readonly List<MemberId> _grantedInDoubt = [];
    private readonly List<MemberId> _refused = [];

    public void Clear()
    {
        _granted.Clear();
        _grantedInDoubt.Clear();
        _refused.Clear();
    }

    public void Record(MemberId voter, bool granted, bool inDoubt)
    {
        if (_granted.Contains(voter) || _grantedInDoubt.Contains(voter) || _refused.Contains(voter))
            return;
        List<MemberId> votes = !granted ? _refused : inDoubt ? _grantedInDoubt : _granted;
        votes.Add(voter);
    }

    public bool IsWon(Membership membership)
    {
        int granted = Count(_granted, membership);
        return granted >= membership.Quorum
            || (_grantedInDoubt.Count > 0 && granted + Count(_grantedInDoubt, membership) == membership.Voters.Length);
    }

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
