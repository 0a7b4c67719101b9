using System.Collections.Immutable;

namespace GaleLb.Raft;

/// <summary>How a member takes part. The values are part of the WAL and wire formats.</summary>
public enum MemberRole : byte
{
    /// <summary>Votes and counts in the quorum.</summary>
    Voter = 0,

    /// <summary>Receives the log without a vote until the leader promotes it, caught up (thesis §4.2.1).</summary>
    Learner = 1,

    /// <summary>Receives the log and never votes.</summary>
    Observer = 2,
}

/// <summary>
/// One seat of the configuration. <paramref name="Address"/> is "ip:port", opaque to the core. A <em>vacant</em> seat
/// (an address of the founding list that nobody has claimed) has a random id that no process holds: it counts in the
/// quorum's size and never answers.
/// </summary>
public sealed record Member(MemberId Id, string Address, MemberRole Role, bool Vacant = false);

/// <summary>
/// The cluster's configuration, immutable, members in order of id. Empty before bootstrap or join: a member with an
/// empty membership never campaigns, but may vote and accept entries.
/// </summary>
public sealed class Membership : IEquatable<Membership>
{
    public static readonly Membership Empty = new([]);

    public Membership(IEnumerable<Member> members)
    {
        Members = [.. members.OrderBy(m => m.Id)];
        for (int i = 1; i < Members.Length; i++)
            if (Members[i].Id == Members[i - 1].Id)
                throw new ArgumentException($"Member {Members[i].Id} is listed twice.", nameof(members));
        Voters = [.. Members.Where(m => m.Role == MemberRole.Voter).Select(m => m.Id)];
    }

    public ImmutableArray<Member> Members { get; }
    public ImmutableArray<MemberId> Voters { get; }
    public bool IsEmpty => Members.IsEmpty;

    /// <summary>The votes that decide: more than half of the voters, vacant seats included.</summary>
    public int Quorum => (Voters.Length / 2) + 1;

    public Member? Find(MemberId id) => Members.FirstOrDefault(m => m.Id == id);
    public Member? Find(string address) => Members.FirstOrDefault(m => string.Equals(m.Address, address, StringComparison.Ordinal));
    public bool IsVoter(MemberId id) => Voters.Contains(id);

    public Membership With(Member member) => new(Members.Where(m => m.Id != member.Id).Append(member));
    public Membership Without(MemberId id) => new(Members.Where(m => m.Id != id));

    public bool Equals(Membership? other) => other is not null && Members.SequenceEqual(other.Members);
    public override bool Equals(object? obj) => Equals(obj as Membership);
    public override int GetHashCode() => Members.Length == 0 ? 0 : HashCode.Combine(Members.Length, Members[0]);
}
