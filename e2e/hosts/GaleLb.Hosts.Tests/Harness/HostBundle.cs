namespace GaleLb.Hosts.Tests.Harness;

/// <summary>
/// What is kept of a failed test: the error, and of each host its configuration, logs, REST answers, programs, maps and last packets.
/// </summary>
public static class HostBundle
{
    private static readonly (string File, string Command)[] Dumps =
    [
        ("status.json", "curl -s --max-time 5 {API}/api/v1/status"),
        ("cluster.json", "curl -s --max-time 5 {API}/api/v1/cluster"),
        ("config.json", "curl -s --max-time 5 '{API}/api/v1/config?consistency=local'"),
        ("nodes.json", "curl -s --max-time 5 '{API}/api/v1/nodes?consistency=local'"),
        ("ring.json", "curl -s --max-time 5 '{API}/api/v1/services/default/ring?consistency=local'"),
        ("events.json", "curl -s --max-time 5 '{API}/api/v1/events?consistency=local'"),
        ("metrics.txt", "curl -s --max-time 5 {API}/metrics"),
        ("gale-lb.log", "journalctl -u gale-lb --no-pager -n 2000"),
        ("gale-node.log", "journalctl -u gale-node --no-pager -n 2000"),
        ("units.txt", "systemctl status gale-lb gale-node gale-page gale-capture --no-pager"),
        ("configuration.txt", "tail -n +1 /etc/gale-lb/lb.toml /etc/gale-node/node.toml"),
        ("network.txt", "ip -s addr; ip neigh; bpftool net show; bpftool map show"),
    ];

    /// <summary>Writes the bundle and returns its directory.</summary>
    public static async Task<string> WriteAsync(HostCluster cluster, string test, Exception error)
    {
        var bundle = Repository.Scratch(Path.Combine("failed", test));
        await File.WriteAllTextAsync(Path.Combine(bundle, "error.txt"), error.ToString());
        await Task.WhenAll(cluster.All.Select(host => WriteAsync(host, Directory.CreateDirectory(Path.Combine(bundle, host.ShortName)).FullName)));
        return bundle;
    }

    private static async Task WriteAsync(Host host, string directory)
    {
        foreach (var (file, command) in Dumps.Select(d => (d.File, d.Command.Replace("{API}", host.Api, StringComparison.Ordinal))))
        {
            string said;
            try
            {
                said = (await host.TryAsync(command)).ToString();
            }
            catch (TimeoutException late)
            {
                said = late.Message;
            }

            await File.WriteAllTextAsync(Path.Combine(directory, file), said);
        }

        try
        {
            await PacketCapture.KeepAsync(host, directory);
        }
        catch (Exception failure) when (failure is TimeoutException or IOException or FormatException)
        {
            await File.WriteAllTextAsync(Path.Combine(directory, "capture.txt"), failure.Message);
        }
    }
}
