using System.Net;
using System.Text.Json;

namespace GaleLb.Hosts.Tests.Harness;

/// <summary>A machine that the playbooks have provisioned, reached by ssh alone.</summary>
public sealed class Host(string name, IPAddress address, string user, string? key, string publicInterface)
{
    private const string Cut = "galecut";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>As in the inventory, "lb-0.local".</summary>
    public string Name { get; } = name;

    /// <summary>As the host itself says, "lb-0".</summary>
    public string ShortName => Name.Split('.')[0];

    /// <summary>Where ssh reaches it.</summary>
    public IPAddress Address { get; } = address;

    /// <summary>Runs a shell command as root.</summary>
    public Task<CommandResult> TryAsync(string command) => Command.RunAsync(Patience, "ssh", [.. Options(), $"sudo sh -c {Quote(command)}"]);

    /// <summary>As <see cref="TryAsync"/>, and throws with what it said unless it exits with 0.</summary>
    public async Task<string> RunAsync(string command)
    {
        var result = await TryAsync(command);
        return result.ExitCode == 0 ? result.Output : throw new IOException($"{Name}: {command}: {result}");
    }

    /// <summary>Where clients reach a replica.</summary>
    public async Task<IPAddress> PublicAddressAsync()
    {
        var words = (await RunAsync($"ip -4 -o addr show dev {publicInterface}")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return IPAddress.Parse(words[Array.IndexOf(words, "inet") + 1].Split('/')[0]);
    }

    /// <summary>A document of the replica's REST API, asked for on its own loopback.</summary>
    public async Task<JsonElement> GetAsync(string path) =>
        JsonDocument.Parse(await RunAsync($"curl -sf --max-time 5 'http://127.0.0.1:5555{path}'")).RootElement;

    public async Task<bool> IsReadyAsync() => (await TryAsync("curl -sf --max-time 5 http://127.0.0.1:5555/readyz")).ExitCode == 0;

    /// <summary>
    /// Loses every packet to and from the host but those of ssh, as if its switch had failed. What a replica forwards is not touched:
    /// its programs see packets before any filter does.
    /// </summary>
    public Task CutOffAsync() => RunAsync(
        "set -e; command -v nft >/dev/null || { echo the package nftables is missing >&2; exit 1; }; "
        + $"nft 'add table inet {Cut}; "
        + $"add chain inet {Cut} in {{ type filter hook prerouting priority -300; }}; add rule inet {Cut} in iif != lo tcp dport != 22 drop; "
        + $"add rule inet {Cut} in iif != lo meta l4proto != tcp drop; "
        + $"add chain inet {Cut} out {{ type filter hook output priority -300; }}; add rule inet {Cut} out oif != lo tcp sport != 22 drop; "
        + $"add rule inet {Cut} out oif != lo meta l4proto != tcp drop'");

    /// <summary>Everything arrives again.</summary>
    public Task ReconnectAsync() => RunAsync($"nft 'delete table inet {Cut}'");

    private IEnumerable<string> Options() =>
    [
        "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5",
        .. key is null ? Array.Empty<string>() : ["-i", key], $"{user}@{Address}",
    ];

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
