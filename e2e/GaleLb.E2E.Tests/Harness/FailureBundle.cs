using System.IO.Compression;
using System.Text;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>
/// What is kept of a failed test: the error, configurations, logs, the last packets on both switches, what each replica and namespace
/// says, and what the kernel's maps hold.
/// </summary>
public static class FailureBundle
{
    private static readonly string[] Paths =
        ["/readyz", "/api/v1/status", "/api/v1/cluster", "/api/v1/nodes?consistency=local", "/api/v1/blacklist?consistency=local", "/api/v1/connections",
        $"/api/v1/services/{Cluster.Service}/ring?consistency=local", "/api/v1/events?consistency=local", "/metrics"];

    /// <summary>Writes the bundle and returns its directory.</summary>
    public static async Task<string> WriteAsync(Cluster cluster, string test, Exception error)
    {
        var bundle = Repository.Scratch(Path.Combine("failed", test));
        await File.WriteAllTextAsync(Path.Combine(bundle, "error.txt"), error.ToString());
        foreach (var file in Directory.EnumerateFiles(cluster.Directory, "*", SearchOption.AllDirectories)
            .Where(IsKept))
        {
            var copy = Path.Combine(bundle, Path.GetRelativePath(cluster.Directory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        foreach (var replica in Cluster.AllReplicas)
        {
            var directory = Path.Combine(bundle, $"lb-{replica}");
            Directory.CreateDirectory(directory);
            foreach (var path in Paths)
            {
                await File.WriteAllTextAsync(Path.Combine(directory, path.Split('?')[0].Trim('/').Replace('/', '-') + ".json"), await DumpAsync(cluster, replica, path));
            }

            var links = await Command.InAsync(Topology.Replica(replica), "ip", "-s", "-d", "link");
            await File.WriteAllTextAsync(Path.Combine(directory, "links.txt"), links.ToString());
        }

        await DumpMapsAsync(Path.Combine(bundle, "maps"));
        return bundle;
    }

    private static bool IsKept(string file) =>
        Path.GetExtension(file) is ".toml" or ".log" || Path.GetFileName(file) is "log" || Path.GetFileName(file).StartsWith("ring.pcap", StringComparison.Ordinal);

    /// <summary>One file for each map, named by the member that pinned it and by the map.</summary>
    private static async Task DumpMapsAsync(string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (var pin in Directory.Exists(Topology.Pins) ? Directory.EnumerateFiles(Topology.Pins, "*", SearchOption.AllDirectories) : [])
        {
            // Flows are tens of megabytes in one element; what they say is in the connections above.
            if (Path.GetFileName(pin) == "flows")
            {
                continue;
            }

            var dump = await Command.RunAsync("bpftool", "-j", "map", "dump", "pinned", pin);
            if (dump.ExitCode == 0)
            {
                await using GZipStream packed = new(File.Create(Path.Combine(directory, Path.GetRelativePath(Topology.Pins, pin).Replace('/', '-') + ".json.gz")), CompressionLevel.Fastest);
                await packed.WriteAsync(Encoding.UTF8.GetBytes(dump.Output));
            }
        }
    }

    private static async Task<string> DumpAsync(Cluster cluster, int replica, string path)
    {
        try
        {
            using var response = await cluster.Api(replica).SendAsync(HttpMethod.Get, path);
            return $"{(int)response.StatusCode}\n{await response.Content.ReadAsStringAsync()}\n";
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            return $"no answer: {error.Message}\n";
        }
    }
}
