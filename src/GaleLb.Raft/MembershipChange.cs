namespace GaleLb.Raft;

/// <summary>What a single-member change may be (thesis §4.1–4.3): any two consecutive quorums then share a voter.</summary>
internal static class MembershipChange
{
    /// <summary>The member that is promoted to voter by an otherwise lawful change, which the leader still checks for lag; none for other changes.</summary>
    public static bool IsLawful(Membership from, Membership to, out MemberId promoted)
    {
        promoted = MemberId.None;
        Member? before = null, after = null;
        int differences = 0;
        foreach (Member member in from.Members)
        {
            Member? there = to.Find(member.Id);
            if (member == there)
                continue;
            differences++;
            (before, after) = (member, there);
        }
        foreach (Member member in to.Members)
        {
            if (from.Find(member.Id) is not null)
                continue;
            differences++;
            (before, after) = (null, member);
        }
        if (differences != 1 || !HasLivingVoter(to) || SharesAddress(to))
            return false;
        if (before is null)
            return after!.Role != MemberRole.Voter && !after.Vacant && !after.Id.IsNone;
        if (after is null)
            return true;
        if (before.Vacant || after.Vacant)
            return false;
        if (before.Role != MemberRole.Voter && after.Role == MemberRole.Voter)
        {
            promoted = after.Id;
            return before.Role == MemberRole.Learner;
        }
        return true;
    }

    private static bool HasLivingVoter(Membership membership)
    {
        foreach (Member member in membership.Members)
            if (member.Role == MemberRole.Voter && !member.Vacant)
                return true;
        return false;
    }

    private static bool SharesAddress(Membership membership)
    {
        for (int i = 0; i < membership.Members.Length; i++)
            for (int j = 0; j < i; j++)
                if (string.Equals(membership.Members[i].Address, membership.Members[j].Address, StringComparison.Ordinal))
                    return true;
        return false;
    }
}
