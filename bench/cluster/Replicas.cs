using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using GaleLb.Bench.Raft;

namespace GaleLb.Bench.Cluster;

/// <summary>What a replica says of itself.</summary>
/// <param name="Kernel">The log index that its kernel forwards by.</param>
internal sealed record ReplicaState(bool Leads, bool HasLeader, int Total, int Routable, long Applied, long Kernel, long Last);

/// <summary>Three gale-lb as real processes, and their REST.</summary>
internal sealed class Replicas : IDisposable
{
    public const int Count = Site.Replicas;
    private const string Token = "bench";

    private readonly Site _site;
    private readonly Process?[] _processes = new Process?[Count + 1];
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    public Replicas(Site site)
    {
        _site = site;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public static IEnumerable<int> All => Enumerable.Range(1, Count);

    public void Start()
    {
        File.WriteAllText(Path.Combine(_site.Data, "token"), Token);
        foreach (int replica in All)
        {
            Directory.CreateDirectory(Path.Combine(_site.Data, $"lb-{replica}"));
            string config = Site.Run(
                "env", "GALE_CHECKS_TIMEOUT=5s", Path.Combine(_site.Root, "e2e", "topology.sh"), "-p", _site.Prefix, "lb-config", $"{replica}", _site.Data);
            File.WriteAllText(ConfigOf(replica), config + $"\n[security]\napi_token_file = \"{Path.Combine(_site.Data, "token")}\"\n");
            Start(replica);
        }
    }

    public void Start(int replica) => _processes[replica] = _site.Start(
        replica, Path.Combine(_site.Data, $"lb-{replica}", "log"), [Path.Combine(_site.Root, "bin", "gale-lb"), "--config", ConfigOf(replica)]);

    public void Kill(int replica)
    {
        _processes[replica]!.Kill();
        _processes[replica]!.WaitForExit();
        _processes[replica]!.Dispose();
        _processes[replica] = null;
    }

    /// <summary>As a host whose power is cut: nothing of it is heard any more, not even that its connections end.</summary>
    public void CutPower(int replica)
    {
        SetCables(replica, "down");
        Kill(replica);
    }

    public void RestorePower(int replica)
    {
        SetCables(replica, "up");
        Start(replica);
    }

    public TimeSpan ProcessorTime(int replica)
    {
        _processes[replica]!.Refresh();
        return _processes[replica]!.TotalProcessorTime;
    }

    public double ResidentMegabytes(int replica)
    {
        _processes[replica]!.Refresh();
        return _processes[replica]!.WorkingSet64 / 1e6;
    }

    /// <summary>Null while it does not answer.</summary>
    public async Task<ReplicaState?> StateAsync(int replica)
    {
        if (await GetAsync(replica, "status") is not { } status)
            return null;
        JsonElement raft = status.GetProperty("raft"), nodes = status.GetProperty("nodes");
        return new ReplicaState(
            raft.GetProperty("role").GetString() == "leader", raft.GetProperty("leader_contact").GetBoolean(), nodes.GetProperty("total").GetInt32(),
            nodes.GetProperty("routable").GetInt32(), raft.GetProperty("applied_index").GetInt64(),
            status.GetProperty("data_plane").GetProperty("applied_index").GetInt64(), raft.GetProperty("last_index").GetInt64());
    }

    /// <summary>Index and subject of the changes of one kind after an index, as one replica has them.</summary>
    public async Task<List<(long Index, string Node)>> EventsAsync(int replica, long after, string kind)
    {
        JsonElement? events = await GetAsync(replica, $"events?after={after}&consistency=local");
        return events is not { } said ? [] :
        [
            .. said.GetProperty("events").EnumerateArray().Where(e => e.GetProperty("kind").GetString() == kind)
                .Select(e => (e.GetProperty("index").GetInt64(), e.GetProperty("subject").GetString()!)),
        ];
    }

    /// <summary>Gives an order and returns its index.</summary>
    public async Task<long> OrderAsync(int replica, string path)
    {
        using HttpResponseMessage answer = await _http.PostAsync(UriOf(replica, path), content: null);
        string text = await answer.Content.ReadAsStringAsync();
        using JsonDocument document = JsonDocument.Parse(text);
        return answer.IsSuccessStatusCode ? document.RootElement.GetProperty("index").GetInt64() : throw new InvalidOperationException($"{path}: {text}");
    }

    public async Task<int> LeaderAsync(params IEnumerable<int> among)
    {
        while (true)
        {
            foreach (int replica in among)
                if (await StateAsync(replica) is { Leads: true })
                    return replica;
            await Task.Delay(5);
        }
    }

    public void Dispose()
    {
        foreach (int replica in All.Where(r => _processes[r] is not null))
            Kill(replica);
        _http.Dispose();
    }

    private async Task<JsonElement?> GetAsync(int replica, string path)
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(UriOf(replica, path));
            using JsonDocument document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
            return answer.IsSuccessStatusCode ? document.RootElement.Clone() : null;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    private static Uri UriOf(int replica, string path) => new($"http://{Site.Address(replica)}:5555/api/v1/{path}");

    private void SetCables(int replica, string state)
    {
        foreach (string side in new[] { "pub", "priv" })
            Site.Run("ip", "-n", $"{_site.Prefix}switch-{side}", "link", "set", $"lb-{replica}", state);
    }

    private string ConfigOf(int replica) => Path.Combine(_site.Data, $"lb-{replica}", "lb.toml");
}
