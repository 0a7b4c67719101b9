using System.Formats.Tar;
using System.IO.Compression;

namespace GaleLb.Hosts.Tests.Harness;

/// <summary>
/// The last packets of each host, of all its interfaces but without ssh: tcpdump writes them into a ring of files of at most
/// 32 MB, which is kept only where a test fails.
/// </summary>
/// <remarks>
/// tcpdump sees what the kernel's network stack sees. What a replica's XDP program forwards passes below that: it is in the captures of
/// the node and of the client.
/// </remarks>
public static class PacketCapture
{
    private const string Directory = "/var/tmp/gale-capture";
    private const string Unit = "gale-capture";

    /// <summary>Each life of a host has a file name of its own, so that the packets before a crash are kept, too.</summary>
    private static string Start(Host host) =>
        $"if command -v tcpdump >/dev/null; then systemd-run --quiet --collect --unit {Unit} "
        + $"tcpdump -i any -n -U -s 192 -Z root -C 8 -W 4 -w {Directory}/$(date +%s).pcap not tcp port {host.SshPort}; "
        + $"else echo tcpdump is not installed: no packets were kept >{Directory}/missing.txt; fi";

    /// <summary>Forgets what there was and begins.</summary>
    public static Task BeginAsync(IEnumerable<Host> hosts) =>
        Task.WhenAll(hosts.Select(host => host.TryAsync($"systemctl stop {Unit} 2>/dev/null; rm -rf {Directory}; mkdir {Directory}; {Start(host)}")));

    /// <summary>Goes on after a host was down.</summary>
    public static Task ResumeAsync(Host host) => host.TryAsync($"mkdir -p {Directory}; {Start(host)}");

    /// <summary>Ends it and writes what was captured, and what the maps of a replica hold, into a directory here.</summary>
    public static async Task KeepAsync(Host host, string directory)
    {
        var packed = await host.TryAsync(
            $"systemctl stop {Unit} 2>/dev/null; mkdir -p {Directory}/maps; for pin in /sys/fs/bpf/gale-lb/*/*; do "
            + $"bpftool map show pinned $pin >/dev/null 2>&1 && bpftool -j map dump pinned $pin | gzip >{Directory}/maps/$(basename $pin).json.gz; done; "
            + $"tar -C {Directory} -cz . | base64 -w0");
        if (packed.ExitCode != 0)
        {
            throw new IOException($"{host.Name}: {packed.Errors}");
        }

        using MemoryStream archive = new(Convert.FromBase64String(packed.Output));
        await using GZipStream unpacked = new(archive, CompressionMode.Decompress);
        await TarFile.ExtractToDirectoryAsync(unpacked, directory, overwriteFiles: true);
    }

    /// <summary>Leaves nothing on the hosts.</summary>
    public static Task EndAsync(IEnumerable<Host> hosts) =>
        Task.WhenAll(hosts.Select(host => host.TryAsync($"systemctl stop {Unit} 2>/dev/null; rm -rf {Directory}")));
}
