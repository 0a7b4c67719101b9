using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Rpc.V1;
using GaleLb.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace GaleLb.LoadBalancer.Tests.Cluster;

public sealed class StateVersionsTests
{
    private static readonly MemberId One = new(0x11);
    private static readonly Member Two = new(new MemberId(0x22), "10.98.2.2:9090", MemberRole.Voter);
    private static readonly Member Three = new(new MemberId(0x33), "10.98.2.3:9090", MemberRole.Learner);
    private static readonly Membership All = new([new Member(One, "10.98.2.1:9090", MemberRole.Voter), Two, Three]);
    private static readonly ClusterState Old = ClusterState.Empty with { StateVersion = 1 };

    private readonly PeerDirectory _directory = new();

    [Fact]
    public void Due_WhenEveryMemberCanApplyIt_IsTheHighestVersion()
    {
        Says(Two, ClusterState.StateVersionMax);
        Says(Three, ClusterState.StateVersionMax + 1);

        StateVersions.Due(Old, ClusterState.StateVersionMax, All, One, _directory).Should().Be(ClusterState.StateVersionMax);
        StateVersions.Due(Old with { StateVersion = ClusterState.StateVersionMax }, ClusterState.StateVersionMax, All, One, _directory).Should().BeNull();
    }

    [Fact]
    public void Due_WhileAMemberIsOfAnOlderRelease_IsNone()
    {
        Says(Two, ClusterState.StateVersionMax);
        Says(Three, 1);

        StateVersions.Due(Old, ClusterState.StateVersionMax, All, One, _directory).Should().BeNull();
    }

    [Fact]
    public void Due_WhileAMemberHasSaidNothing_IsNone()
    {
        Says(Two, ClusterState.StateVersionMax);

        StateVersions.Due(Old, ClusterState.StateVersionMax, All, One, _directory).Should().BeNull();
    }

    [Fact]
    public void Due_WhileASeatIsVacant_IsNone()
    {
        Says(Two, ClusterState.StateVersionMax);
        Says(Three, ClusterState.StateVersionMax);

        StateVersions.Due(Old, ClusterState.StateVersionMax, All.Without(Three.Id).With(Three with { Vacant = true }), One, _directory).Should().BeNull();
    }

    [Fact]
    public void Due_Alone_IsTheHighestVersion() =>
        StateVersions.Due(Old, ClusterState.StateVersionMax, All.Without(Two.Id).Without(Three.Id), One, _directory).Should().Be(ClusterState.StateVersionMax);

    [Fact]
    public void Rehearsed_WithoutTheVariable_IsWhatThisReleaseApplies() =>
        StateVersions.Rehearsed(_ => null, NullLogger.Instance).Should().Be(ClusterState.StateVersionMax);

    [Fact]
    public void Rehearsed_OlderVersion_IsThatOne() =>
        StateVersions.Rehearsed(_ => "1", NullLogger.Instance).Should().Be(1);

    [Theory]
    [InlineData("0")]
    [InlineData("3")]
    [InlineData("-1")]
    [InlineData("one")]
    public void Rehearsed_NoVersionOfThisRelease_IsRefusedByName(string text) => FluentActions.Invoking(() => StateVersions.Rehearsed(_ => text, NullLogger.Instance))
        .Should().Throw<InvalidDataException>().WithMessage($"GALE_STATE_VERSION_MAX: \"{text}\"; expected 1 to {ClusterState.StateVersionMax}");

    [Fact]
    public void Due_OnALeaderOfAnOlderRelease_IsNone()
    {
        Says(Two, ClusterState.StateVersionMax);
        Says(Three, ClusterState.StateVersionMax);

        StateVersions.Due(Old, ownMax: 1, All, One, _directory).Should().BeNull();
    }

    private void Says(Member member, uint version) => _directory.Update(
        member.Address, record => record with { Introduction = new Introduction { MemberId = member.Id.Value, StateVersionMax = version } });
}
