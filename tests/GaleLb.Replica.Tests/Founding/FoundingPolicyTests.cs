using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.Replica.Founding;
using GaleLb.TestKit;

namespace GaleLb.Replica.Tests.Founding;

public sealed class FoundingPolicyTests
{
    private const string A = "10.0.0.1:9090";
    private const string B = "10.0.0.2:9090";
    private const string C = "10.0.0.3:9090";
    private const string Stranger = "10.0.0.9:9090";
    private static readonly ImmutableArray<string> List = [A, B, C];
    private static readonly MemberId IdA = new(0xa);
    private static readonly MemberId IdB = new(0xb);
    private static readonly MemberId IdC = new(0xc);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public void Decide_WholeListPresent_FirstFoundsAtOnceWithRealIds()
    {
        FoundingPolicy policy = Policy(A, IdA, Empty(B, IdB), Empty(C, IdC));

        Membership founded = policy.Decide(TimeSpan.Zero).Found!;

        founded.Voters.Should().Equal(IdA, IdB, IdC);
        founded.Members.Should().NotContain(m => m.Vacant);
    }

    [Fact]
    public void Decide_MajorityPresent_WaitsTheGraceThenLeavesASeatVacant()
    {
        FoundingPolicy policy = Policy(A, IdA, Empty(B, IdB));

        policy.Decide(TimeSpan.Zero).Found.Should().BeNull();
        policy.Decide(Grace - TimeSpan.FromMilliseconds(1)).Reason.Should().Contain(C);
        Membership founded = policy.Decide(Grace).Found!;

        founded.Members.Should().HaveCount(3);
        founded.Quorum.Should().Be(2);
        founded.Members.Single(m => m.Vacant).Address.Should().Be(C);
    }

    [Fact]
    public void Decide_Twice_FoundsOnceUntilMoreIsKnown()
    {
        FoundingPolicy policy = Policy(A, IdA, Empty(B, IdB));
        policy.Decide(TimeSpan.Zero);
        policy.Decide(Grace).Found.Should().NotBeNull();

        policy.Decide(Long).Found.Should().BeNull("the core repeats its own attempt");
        policy.Introduced(Empty(C, IdC));

        policy.Decide(Long).Found!.Voters.Should().Equal(IdA, IdB, IdC);
    }

    [Fact]
    public void Decide_SecondInTheList_HoldsBackATurn()
    {
        FoundingOptions options = new();
        FoundingPolicy policy = Policy(B, IdB, Empty(A, IdA), Empty(C, IdC));

        policy.Decide(TimeSpan.Zero).Found.Should().BeNull();
        policy.Decide(options.Turn - TimeSpan.FromMilliseconds(1)).Found.Should().BeNull();

        policy.Decide(options.Turn * 2).Found.Should().NotBeNull();
    }

    [Fact]
    public void Decide_FirstOfTheListAbsent_SecondGoesFirst()
    {
        FoundingPolicy policy = Policy(B, IdB, Empty(C, IdC));
        policy.Decide(TimeSpan.Zero);

        policy.Decide(Grace).Found.Should().NotBeNull();
    }

    [Fact]
    public void Decide_AfterGivingAVote_HoldsBack()
    {
        FoundingPolicy policy = Policy(A, IdA, Empty(B, IdB), Empty(C, IdC));
        policy.Postpone(TimeSpan.Zero);

        policy.Decide(TimeSpan.FromSeconds(1)).Found.Should().BeNull();
        policy.Decide(Long).Found.Should().NotBeNull();
    }

    public static TheoryData<string, PeerIntroduction[], string> Waiting => new()
    {
        { "nobody else", [], B },
        { "other list", [Empty(B, IdB) with { Peers = [A, B] }], "list differs" },
        { "other has a cluster", [Empty(B, IdB), Empty(C, IdC) with { Empty = false }], "has a cluster" },
        { "stranger has a cluster", [Empty(B, IdB), Empty(Stranger, IdC) with { Empty = false }], "has a cluster" },
        { "only strangers", [Empty(Stranger, IdB)], B },
        { "two with one id", [Empty(B, IdB), Empty(C, IdB)], "same member id" },
        { "our id elsewhere", [Empty(B, IdA)], "same member id" },
        { "no id", [Empty(B, MemberId.None)], B },
    };

    [Theory]
    [MemberData(nameof(Waiting))]
    public void Decide_NoMajorityOfOneMind_WaitsAndSaysWhy(string name, PeerIntroduction[] heard, string reason)
    {
        FoundingPolicy policy = Policy(A, IdA, heard);
        policy.Decide(TimeSpan.Zero);

        FoundingDecision decision = policy.Decide(Long);

        decision.Found.Should().BeNull(name);
        decision.Reason.Should().Contain(reason, name);
        policy.MustGiveUp.Should().BeTrue(name);
    }

    [Fact]
    public void Decide_OwnAddressNotInTheList_WaitsToBeAdded()
    {
        FoundingPolicy policy = Policy(Stranger, IdA, Empty(A, IdB), Empty(B, IdC));

        policy.Decide(Long).Reason.Should().Contain(Stranger).And.Contain("not in the list");
    }

    [Fact]
    public void Decide_ListInAnotherOrder_IsTheSameList()
    {
        FoundingPolicy policy = Policy(A, IdA, Empty(B, IdB) with { Peers = [C, A, B] }, Empty(C, IdC) with { Peers = [B, C, A] });

        policy.Decide(TimeSpan.Zero).Found.Should().NotBeNull();
    }

    [Fact]
    public void Decide_PeerWipedSince_TakesItsLatestId()
    {
        FoundingPolicy policy = Policy(A, IdA, Empty(B, new MemberId(0xdead)), Empty(B, IdB), Empty(C, IdC));

        policy.Decide(TimeSpan.Zero).Found!.Voters.Should().Equal(IdA, IdB, IdC);
    }

    [Fact]
    public void Decide_ClusterShowsItself_GivesUp()
    {
        FoundingPolicy policy = Policy(A, IdA, Empty(B, IdB), Empty(C, IdC));
        policy.Decide(TimeSpan.Zero).Found.Should().NotBeNull();
        policy.MustGiveUp.Should().BeFalse();

        policy.Introduced(Empty(C, IdC) with { Empty = false });

        policy.MustGiveUp.Should().BeTrue();
        policy.Decide(Long).Found.Should().BeNull();
    }

    [Theory]
    [InlineData("empty, same list", true)]
    [InlineData("unknown", false)]
    [InlineData("empty, other list", false)]
    [InlineData("empty, but a cluster is known", false)]
    [InlineData("has a log", true)]
    public void MayVoteFor_Candidate_ByWhatIsKnownOfIt(string who, bool expected)
    {
        FoundingPolicy policy = who switch
        {
            "empty, same list" => Policy(A, IdA, Empty(B, IdB)),
            "unknown" => Policy(A, IdA, Empty(C, IdC)),
            "empty, other list" => Policy(A, IdA, Empty(B, IdB) with { Peers = [A, B] }),
            "empty, but a cluster is known" => Policy(A, IdA, Empty(B, IdB), Empty(C, IdC) with { Empty = false }),
            _ => Policy(A, IdA, Empty(B, IdB) with { Empty = false }),
        };

        policy.MayVoteFor(IdB).Should().Be(expected);
    }

    private static PeerIntroduction Empty(string address, MemberId id) => new(id, address, Empty: true, List);

    private static FoundingPolicy Policy(string address, MemberId self, params PeerIntroduction[] heard)
    {
        SeededRandomness randomness = new(1);
        FoundingPolicy policy = new(self, address, List, new FoundingOptions(), randomness, randomness.NewMemberId);
        foreach (PeerIntroduction peer in heard)
            policy.Introduced(peer);
        return policy;
    }
}
