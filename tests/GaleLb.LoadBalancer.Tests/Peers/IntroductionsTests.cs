using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Peers;

/// <summary>Who is let into the cluster, by what the other says of itself.</summary>
public sealed class IntroductionsTests
{
    private static readonly MemberId One = new(0x11);
    private static readonly MemberId Two = new(0x22);
    private static readonly MemberId Stranger = new(0x99);
    private const string AddressOne = "10.98.2.1:9090";
    private const string AddressTwo = "10.98.2.2:9090";

    [Fact]
    public void Judge_SameFile_Admits()
    {
        Introductions ours = Of(One, AddressOne, SampleOptions.Of(enforce: true));

        ours.Judge(Of(Two, AddressTwo, SampleOptions.Of(enforce: true)).Own()).Refusal.Should().BeNull();
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Judge_OtherSettingsWhenEitherEnforces_RefusesAndNamesEachKeyWithBothValues(bool oursEnforces, bool theirsEnforces)
    {
        Introductions ours = Of(One, AddressOne, SampleOptions.Of(enforce: oursEnforces));
        Introduction theirs = Of(Two, AddressTwo, SampleOptions.Of(checksTimeout: "7s", enforce: theirsEnforces)).Own();

        IntroductionVerdict verdict = ours.Judge(theirs);

        verdict.Refusal.Should().Contain("node_health.checks_timeout").And.Contain("enforce_single_configuration");
        verdict.Differences.Should().ContainSingle().Which.Should().Be(
            new State.Settings.SettingDifference("node_health.checks_timeout", "5000", "7000"));
    }

    [Fact]
    public void Judge_OtherSettingsWhenNobodyEnforces_AdmitsAndShowsTheDifferences()
    {
        Introductions ours = Of(One, AddressOne, SampleOptions.Of());
        Introduction theirs = Of(Two, AddressTwo, SampleOptions.Of(clientsPort: 9000)).Own();

        IntroductionVerdict verdict = ours.Judge(theirs);

        verdict.Refusal.Should().BeNull();
        verdict.Differences.Select(d => d.Key).Should().Equal("services.default.port", "services.default.target_port");
    }

    [Fact]
    public void Judge_InterfacesDiffer_IsNoDifference()
    {
        Introductions ours = Of(One, AddressOne, SampleOptions.Of("priv", "pub", enforce: true));

        ours.Judge(Of(Two, AddressTwo, SampleOptions.Of("eth0", "eth1", enforce: true)).Own()).Refusal.Should().BeNull();
    }

    [Fact]
    public void Judge_KnownAddressWithAnotherId_IsRefusedWithTheWayOut()
    {
        Introductions ours = Of(One, AddressOne, SampleOptions.Of(), new Member(Two, AddressTwo, MemberRole.Voter));

        ours.Judge(Of(Stranger, AddressTwo, SampleOptions.Of()).Own()).Refusal
            .Should().Contain($"belongs to member {Two}").And.Contain($"galectl cluster replace {Two}");
    }

    [Fact]
    public void Judge_VacantSeatsAddress_MayBeClaimed()
    {
        Introductions ours = Of(One, AddressOne, SampleOptions.Of(), new Member(Two, AddressTwo, MemberRole.Voter, Vacant: true));

        ours.Judge(Of(Stranger, AddressTwo, SampleOptions.Of()).Own()).Refusal.Should().BeNull();
    }

    [Fact]
    public void Judge_OurOwnIdFromElsewhere_IsRefusedAsACopy()
    {
        Introductions ours = Of(One, AddressOne, SampleOptions.Of());

        ours.Judge(Of(One, AddressTwo, SampleOptions.Of()).Own()).Refusal.Should().Contain("copied");
    }

    [Fact]
    public void Own_TableNotInTheKernel_TellsThatApartFromWhatWasDerived()
    {
        ForwardingTable table = ForwardingTableBuilder.Derive(ClusterState.Empty) with { Index = new LogIndex(7) };
        Introductions waiting = Of(One, AddressOne, SampleOptions.Of(), new TableView(table, InKernel: false, Error: null));
        Introductions forwarding = Of(One, AddressOne, SampleOptions.Of(), new TableView(table, InKernel: true, Error: null));

        (waiting.Own().AppliedIndex, waiting.Own().KernelIndex).Should().Be((7ul, 0ul));
        (forwarding.Own().AppliedIndex, forwarding.Own().KernelIndex).Should().Be((7ul, 7ul));
    }

    private static Introductions Of(MemberId self, string address, LoadBalancerOptions options, params Member[] others) => Of(
        self, address, options, new TableView(ForwardingTableBuilder.Derive(ClusterState.Empty), InKernel: false, Error: null), others);

    private static Introductions Of(MemberId self, string address, LoadBalancerOptions options, TableView table, params Member[] others)
    {
        ReplicaIdentity identity = new(IPEndPoint.Parse(address), [AddressOne, AddressTwo], "10.98.2.1:5555", "1.0");
        Membership membership = others.Length == 0 ? Membership.Empty : new Membership(others.Append(new Member(self, address, MemberRole.Voter)));
        ReplicaStatus status = new(
            self, RaftRole.Follower, Term.Zero, MemberId.None, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero,
            membership, [], LeaderContact: false, DirectoryEmpty: membership.IsEmpty, new FoundingStatus(false, ""));
        return new Introductions(identity, new FileSettings(options), () => status, new ClusterMachine(new LogClock(TimeProvider.System)), () => table);
    }
}
