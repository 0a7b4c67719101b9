using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Commands;
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
    public void Judge_OwnFileIsNotTheLogsEither_ShowsWhereEachDiffersFromTheLog()
    {
        Introductions ours = Of(One, AddressOne, SampleOptions.Of(checksTimeout: "9s"), Founded("5s"));
        Introduction theirs = Of(Two, AddressTwo, SampleOptions.Of(checksTimeout: "7s")).Own();

        IntroductionVerdict verdict = ours.Judge(theirs);

        verdict.FromTheCluster.Should().BeTrue();
        verdict.Differences.Should().Equal(new State.Settings.SettingDifference("node_health.checks_timeout", "5000", "7000"));
        ours.OwnDifferences.Should().Equal(new State.Settings.SettingDifference("node_health.checks_timeout", "5000", "9000"));
    }

    [Fact]
    public void Judge_OwnFileIsNotTaken_RefusesAndTellsWhatTheOtherHasInstead()
    {
        Introductions ours = Of(One, AddressOne, SampleOptions.Of(checksTimeout: "9s", enforce: true), Founded("5s"));
        Introduction theirs = Of(Two, AddressTwo, SampleOptions.Of(checksTimeout: "5s", enforce: true)).Own();

        IntroductionVerdict verdict = ours.Judge(theirs);

        verdict.Refusal.Should().Contain($"the configuration of {AddressOne} is not the cluster's in node_health.checks_timeout");
        verdict.FromTheCluster.Should().BeFalse();
        verdict.Differences.Should().Equal(new State.Settings.SettingDifference("node_health.checks_timeout", "9000", "5000"));
    }

    [Theory]
    [InlineData(0u, false)]
    [InlineData(1u, false)]
    [InlineData(2u, true)]
    [InlineData(3u, true)]
    public void Judge_ReleaseThatCannotApplyTheState_IsRefused(uint theirMax, bool admitted)
    {
        ClusterMachine machine = Founded("5s");
        machine.Apply(2, new RaiseStateVersion(2));
        Introduction theirs = Of(Two, AddressTwo, SampleOptions.Of()).Own();
        theirs.StateVersionMax = theirMax;

        string? refusal = Of(One, AddressOne, SampleOptions.Of(), machine).Judge(theirs).Refusal;

        (refusal is null).Should().Be(admitted);
        if (!admitted)
            refusal.Should().Contain("up to version 1, and this cluster's is 2: upgrade it");
    }

    [Fact]
    public void Judge_RehearsalThatCannotApplyTheState_IsRefusedInTheVariablesName()
    {
        ClusterMachine machine = Founded("5s");
        machine.Apply(2, new RaiseStateVersion(2));
        Introduction theirs = Of(Two, AddressTwo, SampleOptions.Of(), new ClusterMachine(new LogClock(TimeProvider.System), versionMax: 1)).Own();

        Of(One, AddressOne, SampleOptions.Of(), machine).Judge(theirs).Refusal
            .Should().Be($"GALE_STATE_VERSION_MAX has {AddressTwo} apply states up to version 1, and this cluster's is 2: unset it there");
    }

    [Fact]
    public void Judge_FileOfTheClusterWhereOursIsNot_IsRefusedInOurName()
    {
        Introductions ours = Of(One, AddressOne, SampleOptions.Of(checksTimeout: "7s", enforce: true), Founded("5s"));
        Introductions theirs = Of(Two, AddressTwo, SampleOptions.Of(checksTimeout: "5s", enforce: true), Founded("5s"));

        ours.Judge(theirs.Own()).Refusal.Should().StartWith($"the configuration of {AddressOne} is not the cluster's in node_health.checks_timeout");
        theirs.Judge(ours.Own()).Refusal.Should().StartWith($"the configuration of {AddressOne} is not the cluster's in node_health.checks_timeout");
    }

    [Fact]
    public void Judge_SameFileThatIsNotTheClusters_Refuses() => Judge("7s", Founded("5s"), "7s", Founded("5s")).Should().NotBeNull();

    [Fact]
    public void Judge_FileThatIsStaged_AdmitsBothKinds()
    {
        Judge("7s", Founded("5s", staged: "7s"), "5s", Founded("5s", staged: "7s")).Should().BeNull();
        Judge("5s", Founded("5s", staged: "7s"), "7s", Founded("5s", staged: "7s")).Should().BeNull();
        Judge("5s", Founded("5s", staged: "7s"), "9s", Founded("5s", staged: "7s")).Should().NotBeNull();
    }

    [Fact]
    public void Judge_AfterTheSwitch_RefusesTheFormerFile() =>
        Judge("7s", Founded("5s", staged: "7s", switched: true), "5s", Founded("5s", staged: "7s", switched: true)).Should().NotBeNull();

    [Fact]
    public void Judge_OneWasAwayDuringTheChange_TheLaterLogHolds()
    {
        ClusterMachine now = Founded("5s", staged: "7s", switched: true);

        Judge("7s", Founded("5s"), "7s", now).Should().BeNull("it has the new file, and only its log is behind");
        Judge("7s", now, "7s", Founded("5s")).Should().BeNull();
        Judge("5s", Founded("5s"), "7s", now).Should().NotBeNull("its file is the former one");
        Judge("7s", now, "5s", Founded("5s")).Should().NotBeNull();
    }

    [Fact]
    public void Judge_NewcomerAtAFoundedCluster_IsMeasuredByTheLog()
    {
        Judge("5s", Founded("5s"), "5s", Founded(null)).Should().BeNull();
        Judge("5s", Founded(null), "5s", Founded("5s")).Should().BeNull();
        Judge("5s", Founded("5s"), "7s", Founded(null)).Should().NotBeNull();
        Judge("7s", Founded(null), "5s", Founded("5s")).Should().NotBeNull();
    }

    [Fact]
    public void Judge_FilesDifferFromTheLogAndNobodyEnforces_Admits() =>
        Of(One, AddressOne, SampleOptions.Of(checksTimeout: "7s"), Founded("5s")).Judge(Of(Two, AddressTwo, SampleOptions.Of(), Founded("5s")).Own())
            .Refusal.Should().BeNull();

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

    /// <summary>What one that enforces says of another, by their checks_timeout and their logs.</summary>
    private static string? Judge(string ours, ClusterMachine ourLog, string theirs, ClusterMachine theirLog) =>
        Of(One, AddressOne, SampleOptions.Of(checksTimeout: ours, enforce: true), ourLog)
            .Judge(Of(Two, AddressTwo, SampleOptions.Of(checksTimeout: theirs, enforce: true), theirLog).Own()).Refusal;

    /// <summary>A log founded with a file of this checks_timeout, and another one staged and put in force; null: no log.</summary>
    private static ClusterMachine Founded(string? checksTimeout, string? staged = null, bool switched = false)
    {
        ClusterMachine machine = new(new LogClock(TimeProvider.System));
        if (checksTimeout is not null)
            machine.Apply(1, new Bootstrap(new ClusterId(0xC1), 42, Settings(checksTimeout)));
        if (staged is not null)
            machine.Apply(2, new StageSettings(Settings(staged)));
        if (switched)
            machine.Apply(3, new SwitchSettings(new LogIndex(2)));
        return machine;
    }

    private static State.Settings.ClusterSettings Settings(string checksTimeout) => new FileSettings(SampleOptions.Of(checksTimeout: checksTimeout)).Cluster;

    private static Introductions Of(MemberId self, string address, LoadBalancerOptions options, ClusterMachine machine) =>
        Of(self, address, options, new TableView(ForwardingTableBuilder.Derive(ClusterState.Empty), InKernel: false, Error: null), machine);

    private static Introductions Of(MemberId self, string address, LoadBalancerOptions options, params Member[] others) => Of(
        self, address, options, new TableView(ForwardingTableBuilder.Derive(ClusterState.Empty), InKernel: false, Error: null), others);

    private static Introductions Of(MemberId self, string address, LoadBalancerOptions options, TableView table, params Member[] others) =>
        Of(self, address, options, table, new ClusterMachine(new LogClock(TimeProvider.System)), others);

    private static Introductions Of(
        MemberId self, string address, LoadBalancerOptions options, TableView table, ClusterMachine machine, params Member[] others)
    {
        ReplicaIdentity identity = new(IPEndPoint.Parse(address), [AddressOne, AddressTwo], "10.98.2.1:5555", "1.0");
        Membership membership = others.Length == 0 ? Membership.Empty : new Membership(others.Append(new Member(self, address, MemberRole.Voter)));
        ReplicaStatus status = new(
            self, RaftRole.Follower, Term.Zero, MemberId.None, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero,
            membership, [], LeaderContact: false, DirectoryEmpty: membership.IsEmpty, new FoundingStatus(false, ""));
        return new Introductions(identity, new FileSettings(options), () => status, machine, () => table);
    }
}
