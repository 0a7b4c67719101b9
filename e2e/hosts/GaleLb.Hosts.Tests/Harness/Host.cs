using System.Net;
using System.Text.Json;

namespace GaleLb.Hosts.Tests.Harness;

/// <summary>A machine that the playbooks have provisioned, reached by ssh alone.</summary>
public sealed class Host(string name, HostAccess access)
{
    private const string Cut = "galecut";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>As in the inventory, "lb-0.local".</summary>
    public string Name { get; } = name;

    /// <summary>As the playbooks name a node, "lb-0"; an inventory of addresses has no other names.</summary>
    public string ShortName => IPAddress.TryParse(Name, out _) ? Name : Name.Split('.')[0];

    /// <summary>Where ssh reaches it.</summary>
    public IPAddress Address => access.Address;

    public string PrivateInterface => access.PrivateInterface;

    public string PublicInterface => access.PublicInterface;

    /// <summary>The REST API's, on the replica's own loopback.</summary>
    public string Api => $"http://127.0.0.1:{access.ApiPort}";

    /// <summary>The port of ssh, which captures leave out and a cut leaves open.</summary>
    public int SshPort => access.Port;

    /// <summary>Runs a shell command as root. sudo reads its password, if it wants one, from the input; else nobody does.</summary>
    public Task<CommandResult> TryAsync(string command) => Command.RunWithInputAsync(
        Patience, access.Password is { } password ? $"{password}\n" : "", "ssh",
        [.. Options("-p"), Target, $"if [ \"$(id -u)\" = 0 ]; then set --; else set -- sudo {(access.Password is null ? "-n" : "-S -p ''")}; fi; \"$@\" sh -c {Quote(Environment + command)}"]);

    /// <summary>As <see cref="TryAsync"/>, and throws with what it said unless it exits with 0.</summary>
    public async Task<string> RunAsync(string command)
    {
        var result = await TryAsync(command);
        return result.ExitCode == 0 ? result.Output : throw new IOException($"{Name}: {command}: {result}");
    }

    /// <summary>Brings packages that were made for this test run to the host and installs them; a configuration that is there stays.</summary>
    public async Task InstallAsync(params IEnumerable<string> packages)
    {
        const string Directory = "/tmp/gale-packages";
        var files = packages.Select(p => System.IO.Directory.GetFiles(Path.Combine(Repository.Root, ".build/packages"), $"{p}_*_amd64.deb").Single()).ToList();
        await RunAsync($"rm -rf {Directory}; mkdir -m 777 {Directory}");
        var host = access.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{access.Address}]" : $"{access.Address}";
        var copied = await Command.RunAsync(
            "scp", [.. Options("-P"), .. files, $"{(access.User is null ? "" : $"{access.User}@")}{host}:{Directory}/"]);
        if (copied.ExitCode != 0)
        {
            throw new IOException($"{Name}: {copied}");
        }

        await RunAsync($"dpkg --force-confold -i {Directory}/*.deb; status=$?; rm -rf {Directory}; exit $status");
    }

    /// <summary>Where clients reach a replica.</summary>
    public Task<IPAddress> PublicAddressAsync() => AddressAsync(access.PublicInterface);

    /// <summary>Where nodes and other replicas reach a replica.</summary>
    public async Task<IPAddress> PrivateAddressAsync() =>
        access.PrivateAddress is { } address ? IPAddress.Parse(address) : await AddressAsync(access.PrivateInterface);

    /// <summary>A document of the replica's REST API, asked for on its own loopback.</summary>
    public async Task<JsonElement> GetAsync(string path) =>
        JsonDocument.Parse(await RunAsync($"curl -sf --max-time 5 '{Api}{path}'")).RootElement;

    public async Task<bool> IsReadyAsync() => (await TryAsync($"curl -sf --max-time 5 {Api}/readyz")).ExitCode == 0;

    /// <summary>
    /// Loses every packet to and from the host but those of ssh, as if its switch had failed. What a replica forwards is not touched:
    /// its programs see packets before any filter does.
    /// </summary>
    public Task CutOffAsync() => RunAsync(
        $"set -e; nft 'add table inet {Cut}; "
        + $"add chain inet {Cut} in {{ type filter hook prerouting priority -300; }}; add rule inet {Cut} in iif != lo tcp dport != {SshPort} drop; "
        + $"add rule inet {Cut} in iif != lo meta l4proto != tcp drop; "
        + $"add chain inet {Cut} out {{ type filter hook output priority -300; }}; add rule inet {Cut} out oif != lo tcp sport != {SshPort} drop; "
        + $"add rule inet {Cut} out oif != lo meta l4proto != tcp drop'");

    /// <summary>Everything arrives again.</summary>
    public Task ReconnectAsync() => RunAsync($"nft 'delete table inet {Cut}'");

    private string Target => $"{(access.User is null ? "" : $"{access.User}@")}{access.Address}";

    /// <summary>galectl asks the replica on its host.</summary>
    private string Environment => $"export GALECTL_API={Api}; ";

    private async Task<IPAddress> AddressAsync(string interfaceName)
    {
        var words = (await RunAsync($"ip -4 -o addr show scope global dev {interfaceName}")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return IPAddress.Parse(words[Array.IndexOf(words, "inet") + 1].Split('/')[0]);
    }

    private IEnumerable<string> Options(string port) =>
    [
        "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5",
        .. access.Key is { } key ? ["-i", key] : Array.Empty<string>(), port, $"{access.Port}",
    ];

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
