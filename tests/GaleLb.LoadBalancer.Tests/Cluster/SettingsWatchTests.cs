using System.Net;
using GaleLb.DataPlane;
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
using Microsoft.Extensions.Logging.Abstractions;

namespace GaleLb.LoadBalancer.Tests.Cluster;

/// <summary>A replica and the question whether its own file is the cluster's.</summary>
public sealed class SettingsWatchTests : IAsyncDisposable
{
    private const string Own = "10.98.2.1:9090";
    private const string Other = "10.98.2.2:9090";

    private readonly ManualTime _time = Started();
    private readonly PeerDirectory _directory = new();
    private readonly ClusterMachine _machine = new(new LogClock(TimeProvider.System));
    private readonly MemoryDataPlane _dataPlane = new(
        new DataPlaneOptions { MemberId = "m", PublicInterface = "pub", PrivateInterface = "priv" }, TimeProvider.System);

    private PeerNetwork? _network;

    [Fact]
    public void Follow_OwnFileIsTheLogs_TakesConnections() => Watch("5s", founded: "5s").Refusal.Should().BeNull();

    [Fact]
    public void Follow_OwnFileIsNotTheLogs_RefusesNewConnectionsAndNamesKeyAndValues()
    {
        Watch("7s", founded: "5s").Refusal.Should().Contain("node_health.checks_timeout: 5000 there, 7000 here").And.Contain("galectl config stage");

        _dataPlane.RefusesNewFlows.Should().BeTrue();
    }

    [Fact]
    public void Follow_NobodyEnforces_TakesConnections()
    {
        Watch("7s", founded: "5s", enforce: false).Refusal.Should().BeNull();

        _dataPlane.RefusesNewFlows.Should().BeFalse();
    }

    [Fact]
    public void Follow_OneReplicaAlone_TakesConnections() => Watch("7s", founded: "5s", addresses: [Own]).Refusal.Should().BeNull();

    [Fact]
    public void Follow_OwnFileIsStagedMeanwhile_RecoversByItself()
    {
        SettingsWatch watch = Watch("7s", founded: "5s");

        _machine.Apply(2, new StageSettings(new FileSettings(SampleOptions.Of(checksTimeout: "7s")).Cluster));
        watch.Follow();

        watch.Refusal.Should().BeNull();
        _dataPlane.RefusesNewFlows.Should().BeFalse();
    }

    [Fact]
    public void Follow_AnotherKnowsALaterLog_GoesByThat()
    {
        SettingsWatch watch = Watch("5s", founded: "5s");
        watch.Refusal.Should().BeNull();

        Heard("7s", enforce: true, baselineOf: "7s", since: 9);
        watch.Follow();
        watch.Refusal.Should().Contain("node_health.checks_timeout: 7000 there, 5000 here");

        _time.Advance(TimeSpan.FromMinutes(1));
        watch.Follow();
        watch.Refusal.Should().BeNull("what was heard a minute ago may not hold any more");
    }

    [Fact]
    public void Groups_ThreeKindsOfFiles_AreToldApart()
    {
        SettingsWatch watch = Watch("5s", founded: null);
        Heard("7s", enforce: true);
        Heard("7s", enforce: true, address: "10.98.2.3:9090");

        watch.Groups.Select(g => string.Join(" ", g.Replicas)).Should().Equal("10.98.2.2:9090 10.98.2.3:9090", Own);
    }

    /// <summary>Time zero means never.</summary>
    private static ManualTime Started()
    {
        ManualTime time = new();
        time.Advance(TimeSpan.FromSeconds(1));
        return time;
    }

    public async ValueTask DisposeAsync()
    {
        _dataPlane.Dispose();
        if (_network is not null)
            await _network.DisposeAsync();
    }

    private SettingsWatch Watch(string checksTimeout, string? founded, bool enforce = true, params string[] addresses)
    {
        if (founded is not null)
            _machine.Apply(1, new Bootstrap(new ClusterId(0xC1), 42, new FileSettings(SampleOptions.Of(checksTimeout: founded)).Cluster));
        ReplicaIdentity identity = new(IPEndPoint.Parse(Own), addresses.Length == 0 ? [Own, Other, "10.98.2.3:9090"] : [.. addresses], "10.98.2.1:5555", "1.0");
        FileSettings file = new(SampleOptions.Of(checksTimeout: checksTimeout, enforce: enforce));
        TableView view = new(ForwardingTableBuilder.Derive(ClusterState.Empty), InKernel: false, Error: null);
        ReplicaStatus status = new(
            new MemberId(1), RaftRole.Follower, Term.Zero, MemberId.None, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero,
            Membership.Empty, [], LeaderContact: false, DirectoryEmpty: true, new FoundingStatus(false, ""));
        Introductions introductions = new(identity, file, () => status, _machine, () => view);
        _network = new PeerNetwork(identity, _directory, tls: null, _time, NullLogger<PeerNetwork>.Instance);
        SettingsWatch watch = new(
            identity, file, _machine, introductions, _network, _directory, _dataPlane, _time, NullLogger<SettingsWatch>.Instance);
        watch.Follow();
        return watch;
    }

    private void Heard(string checksTimeout, bool enforce, string? baselineOf = null, ulong since = 0, string address = Other)
    {
        FileSettings file = new(SampleOptions.Of(checksTimeout: checksTimeout));
        Introduction said = new() { Address = address, ConfigDigest = file.Digest, EnforceSingleConfiguration = enforce, SettingsIndex = since };
        if (baselineOf is not null)
            said.BaselineDigest = new FileSettings(SampleOptions.Of(checksTimeout: baselineOf)).Digest;
        said.Settings.AddRange(file.List.Select(s => new Setting { Key = s.Key, Value = s.Value }));
        _directory.Update(address, record => record with { Introduction = said, IntroducedAt = _time.GetTimestamp() });
    }
}
