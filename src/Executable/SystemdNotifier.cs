using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace GaleLb.Executable;

/// <summary>
/// Tells systemd how this service is: sd_notify(3), one datagram of "NAME=VALUE" lines to $NOTIFY_SOCKET. Thread-safe.
/// </summary>
/// <remarks>Compiled into each service (src/Executable.props); a library for one class would be seen by all.</remarks>
internal sealed class SystemdNotifier : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly UnixDomainSocketEndPoint _to;

    private SystemdNotifier(UnixDomainSocketEndPoint to, TimeSpan? watchdog)
    {
        _to = to;
        WatchdogTimeout = watchdog;
        // A full receiver must not hold up the caller: what is lost is told again.
        _socket.Blocking = false;
    }

    /// <summary>Silence after which systemd ends the process; null when it does not watch.</summary>
    public TimeSpan? WatchdogTimeout { get; }

    /// <summary>How often to look whether all is well: a third of the time that systemd allows, so that one late round does no harm.</summary>
    public TimeSpan WatchInterval =>
        WatchdogTimeout is { } limit && limit < TimeSpan.FromSeconds(3) ? limit / 3 : TimeSpan.FromSeconds(1);

    /// <summary>Null when this process was not started by a service manager that wants to know.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    /// <param name="processId">This process, which WATCHDOG_PID must name if it is set.</param>
    public static SystemdNotifier? FromEnvironment(Func<string, string?> variable, int processId)
    {
        // Anything but a path or an abstract name is of a kind that this protocol does not have here.
        if (variable("NOTIFY_SOCKET") is not { Length: > 1 } path || path[0] is not ('/' or '@'))
            return null;
        string name = path[0] == '@' ? $"\0{path[1..]}" : path;
        bool ours = variable("WATCHDOG_PID") is not { Length: > 0 } pid || pid == processId.ToString(CultureInfo.InvariantCulture);
        TimeSpan? watchdog = ours && long.TryParse(variable("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out long us) && us > 0
            ? TimeSpan.FromMicroseconds(us)
            : null;
        return new SystemdNotifier(new UnixDomainSocketEndPoint(name), watchdog);
    }

    /// <summary>The service does what it is there for; <paramref name="status"/> is shown by systemctl status.</summary>
    public string? Ready(string status) => Send($"READY=1\nSTATUS={OneLine(status)}");

    public string? Status(string status) => Send($"STATUS={OneLine(status)}");

    public string? Stopping() => Send("STOPPING=1\nSTATUS=stopping");

    /// <summary>This process is alive; wanted well within <see cref="WatchdogTimeout"/>.</summary>
    public string? Alive() => Send("WATCHDOG=1");

    public void Dispose() => _socket.Dispose();

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    /// <summary>Null when the datagram was handed over, else why not: a service goes on without being heard.</summary>
    private string? Send(string state)
    {
        try
        {
            lock (_socket)
                _socket.SendTo(Encoding.UTF8.GetBytes(state), _to);
            return null;
        }
        catch (SocketException error)
        {
            return $"systemd cannot be told \"{state.Split('\n')[0]}\": {error.Message}";
        }
    }
}
