namespace GaleLb.E2E.Tests.Harness;

/// <summary>Replicas that forward nothing, and so start at once. Each can be ended and started anew with another file or environment.</summary>
public sealed class BareReplicas : IAsyncDisposable
{
    private const string NoCluster = "0000000000000000";

    private readonly Topology _topology;
    private readonly string _directory;
    private readonly Dictionary<int, Daemon> _replicas = [];
    private readonly Dictionary<int, ReplicaApi> _apis = Cluster.AllReplicas.ToDictionary(replica => replica, replica => new ReplicaApi(replica));

    private BareReplicas(Topology topology, string directory) => (_topology, _directory) = (topology, directory);

    /// <summary>Makes the namespaces; no replica runs yet.</summary>
    /// <param name="name">Names the directory of configurations, logs and data.</param>
    public static async Task<BareReplicas> UpAsync(string name) => new(await Topology.UpAsync(), Repository.Scratch(name));

    public ReplicaApi Api(int replica) => _apis[replica];

    public Daemon Process(int replica) => _replicas[replica];

    public string DataDirectory(int replica) => PathOf(replica, "data");

    /// <summary>Where a replica is called by the others.</summary>
    public static string Address(int replica) => $"{Topology.PrivateAddress(replica)}:{Topology.LoadBalancerPort}";

    /// <summary>A file for a replica; 0: for one that never runs.</summary>
    /// <param name="replica">Whose addresses and directory it has.</param>
    /// <param name="settings">Environment of topology.sh.</param>
    public async Task<string> WriteConfigAsync(int replica, params IEnumerable<string> settings)
    {
        var path = PathOf(replica, "lb.toml");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, await Topology.ReplicaConfigAsync(replica, _directory, [.. settings, "GALE_XDP_MODE=off"]));
        return path;
    }

    /// <summary>Starts a replica, after ending it where it runs.</summary>
    /// <param name="replica">Which one.</param>
    /// <param name="settings">Environment of topology.sh for its file.</param>
    /// <param name="environment">Of the process, as NAME=VALUE.</param>
    public async Task RestartAsync(int replica, IEnumerable<string> settings, params IEnumerable<string> environment)
    {
        if (_replicas.Remove(replica, out var running))
        {
            await running.TerminateAsync();
            running.Dispose();
        }

        var config = await WriteConfigAsync(replica, settings);
        _replicas[replica] = Daemon.Start(
            Topology.Replica(replica), PathOf(replica, "log"), "env", [.. environment, Repository.Binary("gale-lb"), "--config", config]);
    }

    /// <summary>SIGKILL for all that run.</summary>
    public void KillAll()
    {
        foreach (var replica in _replicas.Values)
        {
            replica.Kill();
        }
    }

    /// <summary>
    /// Waits until the replicas follow one leader at one state, which a founded cluster has, and none of them is refused by another. A leader alone is not
    /// enough: with its founding entry not yet applied, a replica knows of no cluster's settings.
    /// </summary>
    public Task<TimeSpan> AgreeAsync(params int[] replicas) => Eventually.HoldsAsync($"replicas {string.Join(", ", replicas)} agree", async () =>
    {
        var states = await Task.WhenAll(replicas.Select(replica => _apis[replica].GetAsync("/api/v1/status")));
        var leaders = states.Select(state => state.GetProperty("raft").GetProperty("leader").GetString()).Distinct().ToList();
        var contact = states.All(state => state.GetProperty("raft").GetProperty("leader_contact").GetBoolean());
        var indexes = states.Select(state => state.GetProperty("raft").GetProperty("applied_index").GetInt64()).Distinct().ToList();
        var clusters = states.Select(state => state.GetProperty("replica").GetProperty("cluster_id").GetString()).Distinct().ToList();
        var refused = (await Task.WhenAll(replicas.Select(replica => _apis[replica].RefusedAsync()))).SelectMany(refusals => refusals.Keys)
            .Intersect(replicas.Select(Address), StringComparer.Ordinal);
        return contact && leaders.Count == 1 && leaders[0] is not null && indexes.Count == 1 && clusters.Count == 1 && clusters[0] != NoCluster && !refused.Any();
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas.Values)
        {
            replica.Dispose();
        }

        foreach (var api in _apis.Values)
        {
            api.Dispose();
        }

        await _topology.DisposeAsync();
    }

    private string PathOf(int replica, string file) => Path.Combine(_directory, $"lb-{replica}", file);
}
