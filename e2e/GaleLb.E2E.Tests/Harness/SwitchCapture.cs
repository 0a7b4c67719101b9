namespace GaleLb.E2E.Tests.Harness;

/// <summary>
/// The last packets on a switch, and so of all cables on its side, those that replicas' programs forward among them: tcpdump writes
/// them into a ring of files of at most 32 MB. A failed test's bundle has them.
/// </summary>
public sealed class SwitchCapture : IDisposable
{
    private readonly Daemon _tcpdump;

    private SwitchCapture(Daemon tcpdump) => _tcpdump = tcpdump;

    /// <summary>Null where tcpdump is not installed.</summary>
    /// <param name="directory">Of the ring's files and of what tcpdump says.</param>
    public static SwitchCapture? Begin(NetworkNamespace @switch, string directory) => FindTcpdump() is { } tcpdump
        ? new(Daemon.Start(
            @switch, Path.Combine(directory, "log"), tcpdump,
            "-i", "any", "-n", "-U", "-s", "192", "-Z", "root", "-C", "8", "-W", "4", "-w", Path.Combine(directory, "ring.pcap")))
        : null;

    public void Dispose() => _tcpdump.Dispose();

    private static string? FindTcpdump() => new[] { "/usr/bin/tcpdump", "/usr/sbin/tcpdump" }.FirstOrDefault(File.Exists);
}
