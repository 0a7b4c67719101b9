using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text;
using GaleLb.Executable;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.State.Nodes;
using Microsoft.Extensions.Logging.Abstractions;

namespace GaleLb.LoadBalancer.Tests.Hosting;

public sealed class ServiceWatchTests : IDisposable
{
    private readonly string _name = $"gale-watch-{Guid.NewGuid():N}";
    private readonly Socket _systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly SystemdNotifier _notifier;
    private ReplicaStatus _status = Status(RaftRole.Follower, leaderContact: false);
    private long _turns;

    public ServiceWatchTests()
    {
        _systemd.Bind(new UnixDomainSocketEndPoint($"\0{_name}"));
        _notifier = SystemdNotifier.FromEnvironment(v => v == "NOTIFY_SOCKET" ? $"@{_name}" : v == "WATCHDOG_USEC" ? "9000000" : null, 1)!;
    }

    public void Dispose()
    {
        _notifier.Dispose();
        _systemd.Dispose();
    }

    [Fact]
    public async Task Round_WhileTheReplicaTakesTurns_SaysAlive()
    {
        await using ServiceWatch watch = Watch();
        for (int round = 0; round < 3; round++)
        {
            _turns++;
            watch.Round();
        }

        Received().Count(d => d == "WATCHDOG=1").Should().Be(3);
    }

    [Fact]
    public async Task Round_WhenTheReplicaStandsStill_IsSilent()
    {
        await using ServiceWatch watch = Watch();
        watch.Round();
        Received();

        watch.Round();
        watch.Round();

        Received().Should().BeEmpty("systemd is to end a process whose replica hangs");
    }

    [Fact]
    public async Task Round_OnChangesOnly_TellsTheStatus()
    {
        await using ServiceWatch watch = Watch();
        watch.Round();
        watch.Round();
        _status = Status(RaftRole.Leader, leaderContact: true);
        watch.Round();

        Received().Where(d => d.StartsWith("STATUS=", StringComparison.Ordinal)).Should().Equal(
            "STATUS=Without a leader; forwards by the last table", "STATUS=Leads in term 4; 2 of 3 nodes routable");
    }

    private ServiceWatch Watch() => new(
        _notifier, () => _turns, () => _status, () => new NodeTally(3, 1, 2, 0, 0, 0, 0, 2), new ManualTime(), NullLogger<ServiceWatch>.Instance);

    private static ReplicaStatus Status(RaftRole role, bool leaderContact) => new(
        new MemberId(1), role, new Term(4), MemberId.None, default, default, default, default, default, Membership.Empty,
        ImmutableArray<MemberProgress>.Empty, leaderContact, false, new FoundingStatus(false, ""));

    private List<string> Received()
    {
        List<string> datagrams = [];
        byte[] datagram = new byte[4096];
        while (_systemd.Available > 0)
            datagrams.Add(Encoding.UTF8.GetString(datagram, 0, _systemd.Receive(datagram)));
        return datagrams;
    }
}
