using System.Collections.Immutable;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>Three replicas and their nodes as real processes, each in its namespace.</summary>
public sealed class Cluster : IAsyncDisposable
{
    /// <summary>The name of the one service of [public_interface].</summary>
    public const string Service = "default";

    /// <summary>checks_timeout of the replicas' configuration.</summary>
    public static readonly TimeSpan ChecksTimeout = TimeSpan.FromSeconds(1);

    public static readonly ImmutableArray<int> AllReplicas = [1, 2, 3];

    private readonly Topology _topology;
    private readonly Dictionary<int, Daemon> _replicas = [];
    private readonly Dictionary<int, Daemon> _nodes = [];
    private readonly Dictionary<int, Daemon> _services = [];
    private readonly Dictionary<int, Daemon> _datagramServices = [];
    private readonly Dictionary<int, ReplicaDisk> _disks = [];
    private readonly List<SwitchCapture?> _captures = [];
    private Credentials? _credentials;
    private readonly Dictionary<int, ReplicaApi> _apis = AllReplicas.ToDictionary(replica => replica, replica => new ReplicaApi(replica));

    private Cluster(Topology topology, ClusterShape shape, string directory)
    {
        _topology = topology;
        Shape = shape;
        Directory = directory;
    }

    /// <summary>Configurations, data directories and logs, one directory a process.</summary>
    public string Directory { get; }

    public ClusterShape Shape { get; }

    /// <summary>Brings up namespaces, three replicas and the nodes of the shape, and waits until all is routable.</summary>
    /// <param name="name">Names the directory.</param>
    /// <param name="settings">Environment of topology.sh, such as GALE_BLACK_LIST_AFTER_FAILS=2.</param>
    public static async Task<Cluster> StartAsync(string name, ClusterShape shape, params string[] settings)
    {
        var topology = await Topology.UpAsync(shape.IsWide, offloads: shape.XdpMode == "tc");
        await ReplicaDisk.ReleaseBelowAsync(Path.Combine(Repository.Root, ".build", "e2e"));
        var cluster = new Cluster(topology, shape, Repository.Scratch(name));
        try
        {
            cluster._captures.Add(SwitchCapture.Begin(Topology.PublicSwitch, cluster.PathOf("switch-pub")));
            cluster._captures.Add(SwitchCapture.Begin(Topology.PrivateSwitch, cluster.PathOf("switch-priv")));
            if (shape.IsSecured)
            {
                cluster._credentials = await Credentials.CreateAsync(cluster.PathOf("pki"), shape.Nodes);
            }

            foreach (var replica in AllReplicas)
            {
                if (shape.IsSecured)
                {
                    cluster.Api(replica).Authorize(Credentials.OrderToken);
                }

                if (shape.DiskMegabytes > 0)
                {
                    cluster._disks[replica] = await ReplicaDisk.MountAsync(cluster.PathOf($"lb-{replica}/data"), shape.DiskMegabytes);
                }

                await cluster.WriteAsync($"lb-{replica}/lb.toml",
                    await Topology.ReplicaConfigAsync(replica, cluster.Directory, [.. shape.Settings, .. settings]) + cluster._credentials?.OfReplica(replica));
            }

            await cluster.MendAsync();
            return cluster;
        }
        catch (Exception error)
        {
            await FailureBundle.WriteAsync(cluster, name + "-start", error);
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Certificates and tokens, where the shape is secured.</summary>
    public Credentials Credentials => _credentials ?? throw new InvalidOperationException("This cluster has neither certificates nor tokens.");

    public ReplicaApi Api(int replica) => _apis[replica];

    public Daemon Replica(int replica) => _replicas[replica];

    /// <summary>What a replica's data directory is on, where the shape gives it one of its own.</summary>
    public ReplicaDisk Disk(int replica) => _disks[replica];

    public Daemon Node(int node) => _nodes[node];

    /// <summary>What serves the requests on a node.</summary>
    public Daemon NodeService(int node) => _services[node];

    /// <summary>Starts what a test has ended of the replicas and of the nodes that belong to the cluster's shape, and waits until all is well.</summary>
    public async Task MendAsync()
    {
        foreach (var replica in AllReplicas)
        {
            StartReplica(replica);
        }

        foreach (var node in Shape.Nodes)
        {
            await StartNodeAsync(node);
        }

        await Eventually.HoldsAsync("every replica is ready", async () =>
        {
            ThrowIfAnyEnded();
            return (await Task.WhenAll(AllReplicas.Select(replica => Api(replica).IsReadyAsync()))).All(ready => ready);
        });
        await WaitForLeaderAsync(AllReplicas);
        await WaitForRoutableAsync(Shape.Nodes.Length, AllReplicas);
    }

    public void StartReplica(int replica)
    {
        if (!_replicas.TryGetValue(replica, out var running) || !running.IsRunning)
        {
            running?.Dispose();
            var command = Shape.ReplicaCommand(replica);
            _replicas[replica] = Daemon.Start(
                Topology.Replica(replica), PathOf($"lb-{replica}/log"), command[0], [.. command[1..], "--config", PathOf($"lb-{replica}/lb.toml")]);
        }
    }

    /// <summary>Starts a node's service and its gale-node, whichever is not running.</summary>
    public async Task StartNodeAsync(int node)
    {
        if (!_services.TryGetValue(node, out var service) || !service.IsRunning)
        {
            service?.Dispose();
            _services[node] = Daemon.Start(
                Topology.Node(node), PathOf($"node-{node}/http.log"), Repository.Script("http_node.py"),
                $"node-{node}", $"{Shape.ListenAddress(node)}", $"{Topology.ClientsPort}");
        }

        if (Shape.IsWide && (!_datagramServices.TryGetValue(node, out var datagrams) || !datagrams.IsRunning))
        {
            datagrams?.Dispose();
            _datagramServices[node] = Daemon.Start(
                Topology.Node(node), PathOf($"node-{node}/udp.log"), Repository.Script("udp_node.py"),
                [$"node-{node}", $"{Topology.ClientsPort}", .. Shape.DatagramAddresses(node).Select(address => $"{address}")]);
        }

        if (!_nodes.TryGetValue(node, out var running) || !running.IsRunning)
        {
            running?.Dispose();
            await WriteAsync($"node-{node}/node.toml",
                await Topology.NodeConfigAsync(node, Shape.NodeSettings(node)) + _credentials?.OfNode(node));
            _nodes[node] = Daemon.Start(
                Topology.Node(node), PathOf($"node-{node}/log"), Repository.Binary("gale-node"), "--config", PathOf($"node-{node}/node.toml"));
        }
    }

    /// <summary>kill -9 of everything that runs on a node.</summary>
    public void KillNode(int node)
    {
        _nodes[node].Kill();
        _services[node].Kill();
        if (_datagramServices.TryGetValue(node, out var datagrams))
        {
            datagrams.Kill();
        }
    }

    /// <summary>The replica that leads, by the word of the given replicas.</summary>
    public async Task<int> WaitForLeaderAsync(params IEnumerable<int> among)
    {
        var leader = 0;
        await Eventually.HoldsAsync("a replica leads", async () =>
        {
            foreach (var replica in among)
            {
                if ((await Api(replica).StatusAsync()).IsLeader)
                {
                    leader = replica;
                    return true;
                }
            }

            return false;
        });
        return leader;
    }

    public Task<TimeSpan> WaitForRoutableAsync(int count, params IEnumerable<int> on) =>
        Eventually.HoldsAsync($"{count} nodes are routable on replicas {string.Join(", ", on)}", async () =>
            (await Task.WhenAll(on.Select(replica => Api(replica).StatusAsync()))).All(status => status.Routable == count && status.InKernel));

    /// <summary>Waits until the replicas show one table at one index, and returns its digest.</summary>
    public async Task<string> WaitForSameTableAsync(params IEnumerable<int> on)
    {
        var digest = "";
        await Eventually.HoldsAsync("the replicas show the same table at the same index", async () =>
        {
            var tables = (await Task.WhenAll(on.Select(replica => Api(replica).StatusAsync())))
                .Select(status => (status.AppliedIndex, status.TableDigest)).Distinct().ToList();
            digest = tables[0].TableDigest;
            return tables.Count == 1;
        });
        return digest;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var disk in _disks.Values)
        {
            // A process that waits for a stalled disk cannot be ended.
            await disk.ResumeAsync();
        }

        foreach (var daemon in _nodes.Values.Concat(_services.Values).Concat(_datagramServices.Values).Concat(_replicas.Values))
        {
            daemon.Dispose();
        }

        foreach (var api in _apis.Values)
        {
            api.Dispose();
        }

        foreach (var disk in _disks.Values)
        {
            await disk.DisposeAsync();
        }

        _captures.ForEach(capture => capture?.Dispose());
        await _topology.DisposeAsync();
    }

    private void ThrowIfAnyEnded()
    {
        foreach (var (replica, daemon) in _replicas.Where(replica => !replica.Value.IsRunning))
        {
            throw new InvalidOperationException($"lb-{replica} ended instead of becoming ready:\n{daemon.Log}");
        }
    }

    private string PathOf(string name) => Path.Combine(Directory, name);

    private async Task WriteAsync(string name, string content)
    {
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        await File.WriteAllTextAsync(PathOf(name), content);
    }
}
