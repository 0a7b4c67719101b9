using System.Net;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Peers;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Forwarding;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace GaleLb.LoadBalancer.Tests.Cluster;

/// <summary>A replica that compares its forwarding table with those of two others.</summary>
public sealed class DigestWatchTests : IAsyncDisposable
{
    private const string Own = "10.98.2.1:9090";
    private const string Second = "10.98.2.2:9090";
    private const string Third = "10.98.2.3:9090";

    private readonly ManualTime _time = new();
    private readonly PeerDirectory _directory = new();
    private readonly RecordedLog _log = new();
    private readonly PeerNetwork _network;
    private readonly DigestWatch _watch;
    private Membership _members = new([
        new Member(new MemberId(1), Own, MemberRole.Voter), new Member(new MemberId(2), Second, MemberRole.Voter),
        new Member(new MemberId(3), Third, MemberRole.Voter)]);

    private TableView _view = At(7);

    public DigestWatchTests()
    {
        // Time zero means never.
        _time.Advance(TimeSpan.FromSeconds(1));
        ReplicaIdentity identity = new(IPEndPoint.Parse(Own), [Own, Second, Third], "10.98.2.1:5555", "1.0");
        _network = new PeerNetwork(identity, _directory, tls: null, _time, NullLogger<PeerNetwork>.Instance);
        _watch = new DigestWatch(
            () => new ReplicaStatus(
                new MemberId(1), RaftRole.Follower, Term.Zero, MemberId.None, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero, LogIndex.Zero,
                _members, [], LeaderContact: true, DirectoryEmpty: false, new FoundingStatus(false, "")),
            () => _view, _network, _directory, _time, _log);
    }

    public ValueTask DisposeAsync() => _network.DisposeAsync();

    [Fact]
    public void Follow_EqualTables_IsNoAlarm()
    {
        Heard(2, Second, 7, _view.Digest);
        Heard(3, Third, 7, _view.Digest);

        Look().Should().BeNull();
        _log.Lines.Should().BeEmpty();
    }

    [Fact]
    public void Follow_DifferentTablesAtUnequalIndexes_IsNoAlarm()
    {
        Heard(2, Second, 6, "another");

        Look().Should().BeNull();
    }

    [Fact]
    public void Follow_DifferentTablesAtOneIndex_IsAnAlarmThatNamesTheReplica()
    {
        Heard(2, Second, 7, "another");
        Heard(3, Third, 7, _view.Digest);

        Look().Should().StartWith("ALARM: ").And.Contain($"at 7 {Second} has another, this replica {_view.Digest[..12]}").And.NotContain(Third);
    }

    [Fact]
    public void Follow_ADifferenceThatStays_IsLoggedOnce()
    {
        Heard(2, Second, 7, "another");
        Look();
        _view = At(8);
        Heard(2, Second, 8, "another one");
        Look();

        _log.Lines.Should().ContainSingle().Which.Should().StartWith("Error: ALARM: ");
    }

    [Fact]
    public void Follow_ASecondReplicaThatDiffers_IsLoggedToo()
    {
        Heard(2, Second, 7, "another");
        Look();
        Heard(3, Third, 7, "another");

        Look().Should().Contain(Second).And.Contain(Third);
        _log.Lines.Should().HaveCount(2);
    }

    [Fact]
    public void Follow_UnequalIndexesAfterADifference_KeepsTheAlarm()
    {
        Heard(2, Second, 7, "another");
        Look();
        _view = At(8);

        Look().Should().NotBeNull("nothing has shown that they agree again");
    }

    [Fact]
    public void Follow_AgreementAfterADifference_EndsTheAlarmAndSaysSo()
    {
        Heard(2, Second, 7, "another");
        Look();
        _view = At(8);
        Heard(2, Second, 8, _view.Digest);

        Look().Should().BeNull();
        _log.Lines.Should().HaveCount(2);
        _log.Lines[1].Should().StartWith("Information: ");
    }

    [Fact]
    public void Follow_AReplicaThatDifferedIsRemoved_EndsTheAlarm()
    {
        Heard(2, Second, 7, "another");
        Look();
        _members = _members.Without(new MemberId(2));

        Look().Should().BeNull();
    }

    [Fact]
    public void Follow_AReplicaHeardOfLongAgo_IsNotCompared()
    {
        Heard(2, Second, 7, "another");
        _time.Advance(TimeSpan.FromMinutes(1));

        Look().Should().BeNull();
    }

    [Fact]
    public async Task Api_TablesDiffer_IsToldByStatusClusterAndMetrics()
    {
        await using ApiHarness api = await ApiHarness.StartAsync();
        api.Time.Advance(TimeSpan.FromSeconds(1));
        (await api.GetAsync("cluster")).Being(200)["digests_agree"].Should().Be("true");
        (await api.GetMetricsAsync()).Should().Contain("\ngalelb_cluster_digests_agree 1\n");

        api.Replica.Membership = api.Replica.Membership.With(new Member(new MemberId(2), Second, MemberRole.Voter));
        Introduction said = new() { Address = Second, MemberId = 2, AppliedIndex = api.Tables.View.Index.Value, TableDigest = "another" };
        api.Directory.Update(Second, record => record with { Introduction = said, IntroducedAt = api.Time.GetTimestamp() });
        api.Digests.Follow();

        (await api.GetAsync("cluster")).Being(200)["digests_agree"].Should().Be("false");
        (await api.GetAsync("status")).Being(200)["warnings"].Should().Contain("ALARM: ").And.Contain(Second);
        (await api.GetMetricsAsync()).Should().Contain("\ngalelb_cluster_digests_agree 0\n");
    }

    private static TableView At(ulong index) =>
        new(ForwardingTableBuilder.Derive(ClusterState.Empty with { AppliedIndex = new LogIndex(index) }), InKernel: false, Error: null);

    private string? Look()
    {
        _watch.Follow();
        return _watch.Alarm;
    }

    private void Heard(ulong id, string address, ulong index, string digest)
    {
        Introduction said = new() { Address = address, MemberId = id, AppliedIndex = index, TableDigest = digest };
        _directory.Update(address, record => record with { Introduction = said, IntroducedAt = _time.GetTimestamp() });
    }

    private sealed class RecordedLog : ILogger<DigestWatch>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
