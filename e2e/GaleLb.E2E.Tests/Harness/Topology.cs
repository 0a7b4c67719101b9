using System.Net;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>The namespaces of e2e/topology.sh, where it is drawn.</summary>
public sealed class Topology : IAsyncDisposable
{
    public const int Replicas = 3;
    public const int Nodes = 4;
    public const int ClientsPort = 8080;
    public const int ApiPort = 5555;
    public const int NodePort = 7070;
    public const int LoadBalancerPort = 9090;
    private static readonly string Prefix = Environment.GetEnvironmentVariable("GALE_E2E_PREFIX") ?? "galee2e-";

    private Topology()
    {
    }

    public static NetworkNamespace Client => new(Prefix + "client");

    public static NetworkNamespace PrivateSwitch => new(Prefix + "switch-priv");

    public static NetworkNamespace Replica(int number) => new($"{Prefix}lb-{number}");

    public static NetworkNamespace Node(int number) => new($"{Prefix}node-{number}");

    public static IPAddress PublicAddress(int replica) => IPAddress.Parse($"10.98.1.{replica}");

    public static IPAddress PrivateAddress(int replica) => IPAddress.Parse($"10.98.2.{replica}");

    public static IPAddress NodeAddress(int node) => IPAddress.Parse($"10.98.2.{10 + node}");

    public static async Task<Topology> UpAsync()
    {
        await ScriptAsync("up");
        return new();
    }

    /// <summary>The configuration of a replica with its data directory below <paramref name="directory"/>.</summary>
    public static Task<string> ReplicaConfigAsync(int replica, string directory, params IEnumerable<string> settings) =>
        Command.SucceedAsync("env", [.. settings, .. Arguments("lb-config", $"{replica}", directory)]);

    public static Task<string> NodeConfigAsync(int node) => ScriptAsync("node-config", $"{node}");

    /// <summary>Plugs or unplugs the private cable of a replica or a node.</summary>
    public static Task PlugAsync(string port, bool plugged) =>
        Command.SucceedAsync("ip", "-n", PrivateSwitch.Name, "link", "set", port, plugged ? "up" : "down");

    public async ValueTask DisposeAsync() => await ScriptAsync("down");

    private static Task<string> ScriptAsync(params IEnumerable<string> arguments) =>
        Command.SucceedAsync("env", Arguments([.. arguments]));

    private static string[] Arguments(params string[] arguments) =>
        [Repository.Script("topology.sh"), "-p", Prefix, "-l", $"{Replicas}", "-n", $"{Nodes}", .. arguments];
}
