using System.Net.Sockets;
using System.Text;
using GaleLb.Executable;
using GaleLb.Node.Heartbeats;
using GaleLb.Node.Hosting;
using GaleLb.Testing;

namespace GaleLb.Node.Tests.Hosting;

public sealed class NodeWatchTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly string _name = $"gale-node-watch-{Guid.NewGuid():N}";
    private readonly Socket _systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly ManualTime _time = new();
    private readonly StringWriter _output = new();
    private readonly LoopProgress _progress;

    public NodeWatchTests()
    {
        _systemd.Bind(new UnixDomainSocketEndPoint($"\0{_name}"));
        _progress = new LoopProgress(_time);
    }

    public void Dispose() => _systemd.Dispose();

    [Fact]
    public void Timer_WhileTheLoopWaitsAsLongAsItSaid_TellsAliveEachSecond()
    {
        using SystemdNotifier notifier = Notifier("10000000");
        using NodeWatch watch = Watch(notifier);
        _progress.Expect(TimeSpan.FromMinutes(1));

        for (int second = 1; second <= 60; second++)
        {
            _time.Advance(Second);
            Received().Should().Equal(["WATCHDOG=1"], $"it is second {second} of the minute that the loop said");
        }
        _output.ToString().Should().BeEmpty();
    }

    [Fact]
    public void Timer_OnceTheLoopIsOverdue_IsSilentAndSaysSoOnce()
    {
        using SystemdNotifier notifier = Notifier("10000000");
        using NodeWatch watch = Watch(notifier);
        _progress.Expect(Second);
        _time.Advance(Second + NodeWatch.Grace - TimeSpan.FromMilliseconds(1));
        Received().Should().HaveCount(5);

        _time.Advance(TimeSpan.FromMinutes(1));

        Received().Should().BeEmpty("systemd is to end a process whose loop hangs");
        _output.ToString().Split('\n').Should().ContainSingle(line => line.EndsWith(
            "the heartbeat loop should have taken a turn 5s ago; systemd is not told that it is alive", StringComparison.Ordinal));
    }

    [Fact]
    public void Timer_WhenTheLoopGoesOn_TellsAliveAgain()
    {
        using SystemdNotifier notifier = Notifier("10000000");
        using NodeWatch watch = Watch(notifier);
        _time.Advance(NodeWatch.Grace);
        Received();

        _progress.Expect(Second);
        _time.Advance(Second);

        Received().Should().Equal("WATCHDOG=1");
    }

    [Fact]
    public void Timer_OfAShortWatchdog_TellsAliveThreeTimesInItsTime()
    {
        using SystemdNotifier notifier = Notifier("600000");
        using NodeWatch watch = Watch(notifier);

        _time.Advance(TimeSpan.FromMilliseconds(600));

        Received().Should().HaveCount(3);
    }

    [Fact]
    public void Timer_WithoutAWatchdog_IsNotSet()
    {
        using SystemdNotifier notifier = Notifier(null);
        using NodeWatch watch = Watch(notifier);

        _time.Pending.Should().Be(0);
    }

    private SystemdNotifier Notifier(string? microseconds) =>
        SystemdNotifier.FromEnvironment(v => v == "NOTIFY_SOCKET" ? $"@{_name}" : v == "WATCHDOG_USEC" ? microseconds : null, 1)!;

    private NodeWatch Watch(SystemdNotifier notifier) => new(notifier, _progress, _time, new NodeLog(_output, _time));

    private List<string> Received()
    {
        List<string> datagrams = [];
        byte[] datagram = new byte[4096];
        while (_systemd.Available > 0)
            datagrams.Add(Encoding.UTF8.GetString(datagram, 0, _systemd.Receive(datagram)));
        return datagrams;
    }
}
