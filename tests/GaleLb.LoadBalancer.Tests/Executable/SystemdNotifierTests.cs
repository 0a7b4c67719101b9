using System.Net.Sockets;
using System.Text;
using GaleLb.Executable;

namespace GaleLb.LoadBalancer.Tests.Executable;

/// <summary>Against a real datagram socket, as systemd holds one.</summary>
public sealed class SystemdNotifierTests : IDisposable
{
    private const int OwnPid = 77;

    private readonly string _directory = Directory.CreateTempSubdirectory("gale-notify-").FullName;
    private readonly Socket _systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 2000 };

    private string Path => System.IO.Path.Combine(_directory, "notify");

    public void Dispose()
    {
        _systemd.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Ready_WithASocketFile_IsOneDatagramOfLines()
    {
        _systemd.Bind(new UnixDomainSocketEndPoint(Path));
        using SystemdNotifier notifier = From(("NOTIFY_SOCKET", Path))!;

        notifier.Ready("leads in term 2\nand more").Should().BeNull();

        Received().Should().Be("READY=1\nSTATUS=leads in term 2 and more");
    }

    [Fact]
    public void AliveAndStopping_WithAnAbstractName_Arrive()
    {
        string name = $"gale-notify-{Guid.NewGuid():N}";
        _systemd.Bind(new UnixDomainSocketEndPoint($"\0{name}"));
        using SystemdNotifier notifier = From(("NOTIFY_SOCKET", $"@{name}"))!;

        notifier.Alive().Should().BeNull();
        notifier.Stopping().Should().BeNull();

        Received().Should().Be("WATCHDOG=1");
        Received().Should().StartWith("STOPPING=1\n");
    }

    [Fact]
    public void Status_WhenNobodyListens_SaysSoAndThrowsNothing()
    {
        using SystemdNotifier notifier = From(("NOTIFY_SOCKET", Path))!;

        notifier.Status("x").Should().StartWith("systemd cannot be told \"STATUS=x\": ");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("vsock:2:1")]
    public void FromEnvironment_WithoutAUsableSocket_IsNull(string? value) => From(("NOTIFY_SOCKET", value)).Should().BeNull();

    [Theory]
    [InlineData("10000000", null, 10.0)]
    [InlineData("10000000", "77", 10.0)]
    [InlineData("10000000", "78", null)]
    [InlineData("0", null, null)]
    [InlineData("soon", null, null)]
    [InlineData(null, "77", null)]
    public void WatchdogTimeout_ByItsVariables_IsForThisProcessOnly(string? microseconds, string? pid, double? seconds)
    {
        using SystemdNotifier notifier = From(("NOTIFY_SOCKET", Path), ("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", pid))!;

        (notifier.WatchdogTimeout?.TotalSeconds).Should().Be(seconds);
    }

    private static SystemdNotifier? From(params (string Name, string? Value)[] variables) =>
        SystemdNotifier.FromEnvironment(name => variables.FirstOrDefault(v => v.Name == name).Value, OwnPid);

    private string Received()
    {
        byte[] datagram = new byte[4096];
        return Encoding.UTF8.GetString(datagram, 0, _systemd.Receive(datagram));
    }
}
