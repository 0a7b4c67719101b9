using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>
/// The REST API of one replica, called on loopback inside its own namespace. Nodes and rings are asked for as this replica
/// has them, without waiting for the leader's word.
/// </summary>
public sealed class ReplicaApi(int replica) : IDisposable
{
    private static readonly Uri Loopback = new($"http://127.0.0.1:{Topology.ApiPort}");
    private readonly HttpClient _http = Topology.Replica(replica).CreateHttpClient(TimeSpan.FromSeconds(10));

    public int Replica { get; } = replica;

    /// <summary>Where other machines reach the API.</summary>
    public static Uri PrivateBase(int replica) => new($"http://{Topology.PrivateAddress(replica)}:{Topology.ApiPort}");

    /// <summary>Shows a token from now on.</summary>
    public void Authorize(string token) => _http.DefaultRequestHeaders.Authorization = new("Bearer", token);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null) =>
        _http.SendAsync(new(method, new Uri(Loopback, path)) { Content = body is null ? null : JsonContent.Create(body) });

    public Task<JsonElement> GetAsync(string path) => _http.GetFromJsonAsync<JsonElement>(new Uri(Loopback, path));

    public async Task<string> GetTextAsync(string path) => await _http.GetStringAsync(new Uri(Loopback, path));

    public async Task<bool> IsReadyAsync()
    {
        using var response = await SendAsync(HttpMethod.Get, "/readyz");
        return response.StatusCode == HttpStatusCode.OK;
    }

    public async Task<ReplicaView> StatusAsync()
    {
        var status = await GetAsync("/api/v1/status");
        var raft = status.GetProperty("raft");
        var dataPlane = status.GetProperty("data_plane");
        return new(
            string.Equals(raft.GetProperty("role").GetString(), "leader", StringComparison.OrdinalIgnoreCase),
            raft.GetProperty("term").GetInt64(),
            status.GetProperty("nodes").GetProperty("routable").GetInt32(),
            dataPlane.GetProperty("applied_index").GetInt64(),
            dataPlane.GetProperty("applied_index").GetInt64() >= raft.GetProperty("applied_index").GetInt64(),
            dataPlane.GetProperty("table_digest").GetString() ?? "");
    }

    /// <summary>The replicas that this one refuses, by address.</summary>
    public async Task<Dictionary<string, JsonElement>> RefusedAsync() =>
        (await GetAsync("/api/v1/cluster")).GetProperty("refused").EnumerateArray()
            .ToDictionary(refusal => refusal.GetProperty("address").GetString()!, StringComparer.Ordinal);

    /// <summary>Gives an order and returns its answer.</summary>
    /// <exception cref="HttpRequestException">It was not carried out.</exception>
    public async Task<JsonElement> OrderAsync(HttpMethod method, string path, object? body = null)
    {
        using var response = await SendAsync(method, path, body);
        var answer = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonDocument.Parse(answer).RootElement
            : throw new HttpRequestException($"{method} {path}: {(int)response.StatusCode} {answer}", null, response.StatusCode);
    }

    /// <summary>A node by name, as this replica knows it, or null.</summary>
    public async Task<NodeView?> NodeAsync(string name)
    {
        var nodes = await GetAsync("/api/v1/nodes?consistency=local");
        return nodes.GetProperty("nodes").EnumerateArray()
            .Where(node => node.GetProperty("id").GetString() == name)
            .Select(node => new NodeView(
                node.GetProperty("state").GetString() ?? "", node.GetProperty("passes").GetInt32(), node.GetProperty("fails").GetInt32()))
            .SingleOrDefault();
    }

    /// <summary>The share of the service's slots by node name.</summary>
    public async Task<Dictionary<string, double>> RingAsync(string service)
    {
        var ring = await GetAsync($"/api/v1/services/{service}/ring?consistency=local");
        return ring.GetProperty("shares").EnumerateArray().ToDictionary(
            node => node.GetProperty("node").GetString()!, node => node.GetProperty("share").GetDouble(), StringComparer.Ordinal);
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>What the tests read of a replica's status.</summary>
/// <param name="AppliedIndex">Of the table in the kernel.</param>
/// <param name="InKernel">The kernel forwards by all that is applied.</param>
public sealed record ReplicaView(bool IsLeader, long Term, int Routable, long AppliedIndex, bool InKernel, string TableDigest);

/// <summary>What the tests read of a node.</summary>
public sealed record NodeView(string State, int Passes, int Fails);
