using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

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
    public const int RouterMtu = 1400;
    private const int WideNodesInAll = 7;
    private const int ServiceNetwork = 9;
    public static readonly string Prefix = Environment.GetEnvironmentVariable("GALE_E2E_PREFIX") ?? "galee2e-";

    private Topology()
    {
    }

    public static NetworkNamespace Client => new(Prefix + "client");

    /// <summary>The client behind a router; only in a wide topology.</summary>
    public static NetworkNamespace Remote => new(Prefix + "remote");

    public static NetworkNamespace PublicSwitch => new(Prefix + "switch-pub");

    public static NetworkNamespace PrivateSwitch => new(Prefix + "switch-priv");

    /// <summary>The directory below which replicas pin their maps; a replica's own one is named by its member id.</summary>
    public static string Pins => $"/sys/fs/bpf/{Prefix.TrimEnd('-')}";

    /// <summary>Has the private cables of a replica and of nodes take packets of this size.</summary>
    public static async Task SetPrivateMtuAsync(int mtu, int replica, params IEnumerable<int> nodes)
    {
        foreach (var (space, port) in nodes.Select(node => (Node(node), $"node-{node}")).Append((Replica(replica), $"lb-{replica}")))
        {
            await Command.SucceedAsync("ip", "-n", PrivateSwitch.Name, "link", "set", port, "mtu", $"{mtu}");
            await Command.SucceedAsync("ip", "-n", space.Name, "link", "set", "priv", "mtu", $"{mtu}");
        }
    }

    public static NetworkNamespace Replica(int number) => new($"{Prefix}lb-{number}");

    public static NetworkNamespace Node(int number) => new($"{Prefix}node-{number}");

    public static IPAddress PublicAddress(int replica) => IPAddress.Parse($"10.98.1.{replica}");

    public static IPAddress PrivateAddress(int replica) => IPAddress.Parse($"10.98.2.{replica}");

    public static IPAddress NodeAddress(int node) => IPAddress.Parse($"10.98.2.{10 + node}");

    /// <summary>An address of the script's plan.</summary>
    /// <param name="network">1: public, 2: private, 3: behind the router, 9: services.</param>
    public static IPAddress Address(int network, int host, AddressFamily family) =>
        IPAddress.Parse(family == AddressFamily.InterNetworkV6 ? $"fd98:{network}::{host}" : $"10.98.{network}.{host}");

    /// <summary>The service address of l4 services of a wide cluster.</summary>
    public static IPAddress TranslatedAddress(AddressFamily family) => Address(ServiceNetwork, 1, family);

    /// <summary>The service address of l2 services of a wide cluster.</summary>
    public static IPAddress DirectAddress(AddressFamily family) => Address(ServiceNetwork, 2, family);

    /// <summary>The service address of l3 services of a wide cluster.</summary>
    public static IPAddress TunnelledAddress(AddressFamily family) => Address(ServiceNetwork, 3, family);

    /// <summary>The nodes of a wide cluster that serve a family.</summary>
    public static ImmutableArray<int> WideNodes(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? [5, 6, 7] : [1, 2, 3];

    /// <param name="offloads">Senders leave checksums and segmentation to others, and packets of a flow stay on one processor.</param>
    public static async Task<Topology> UpAsync(bool isWide = false, bool offloads = false)
    {
        string[] wide = isWide ? ["-w", "-n", $"{WideNodesInAll}"] : [];
        await ScriptAsync([.. wide, .. offloads ? ["-o", "-s"] : Array.Empty<string>(), "up"]);
        return new();
    }

    /// <summary>Has the client reach all service addresses through one replica from now on.</summary>
    public static Task RouteServicesAsync(int replica, AddressFamily family) =>
        Command.SucceedAsync(
            "ip", "-n", Client.Name, "route", "replace", $"{Address(ServiceNetwork, 0, family)}/{(family == AddressFamily.InterNetworkV6 ? 64 : 24)}",
            "via", $"{Address(1, replica, family)}");

    /// <summary>The configuration of a replica with its data directory below <paramref name="directory"/>.</summary>
    public static Task<string> ReplicaConfigAsync(int replica, string directory, params IEnumerable<string> settings) =>
        Command.SucceedAsync("env", [.. settings, .. Arguments("lb-config", $"{replica}", directory)]);

    public static Task<string> NodeConfigAsync(int node, params IEnumerable<string> settings) =>
        Command.SucceedAsync("env", [.. settings, .. Arguments("node-config", $"{node}")]);

    /// <summary>Plugs or unplugs the private cable of a replica or a node.</summary>
    public static Task PlugAsync(string port, bool plugged) =>
        Command.SucceedAsync("ip", "-n", PrivateSwitch.Name, "link", "set", port, plugged ? "up" : "down");

    public async ValueTask DisposeAsync() => await ScriptAsync("down");

    private static Task<string> ScriptAsync(params IEnumerable<string> arguments) =>
        Command.SucceedAsync("env", Arguments([.. arguments]));

    private static string[] Arguments(params string[] arguments) =>
        [Repository.Script("topology.sh"), "-p", Prefix, "-l", $"{Replicas}", "-n", $"{Nodes}", .. arguments];
}
