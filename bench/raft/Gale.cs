using System.Diagnostics;
using System.Net;
using System.Text.Json;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;

namespace GaleLb.Bench.Raft;

/// <summary>gale-lb without a data plane, asked by REST: an order blocks a range of clients, and the value is its reason.</summary>
internal sealed class Gale(Site site, TimeSpan election) : Contender(site, election)
{
    private const string Token = "bench";
    private static readonly string Value = new('x', ValueBytes);

    public override string Name => "gale-lb";

    protected override byte[] StatusRequest { get; } = HttpConnection.Request("GET", "/api/v1/status", $"Authorization: Bearer {Token}\r\n", "");

    public override IPEndPoint Endpoint(int replica) => new(Site.Address(replica), 5555);

    public override byte[] Order(int key) => HttpConnection.Request(
        "POST", "/api/v1/blocks", $"Authorization: Bearer {Token}\r\n", $$"""{"cidr":"198.51.100.{{key % Keys}}/32","reason":"{{Value}}"}""");

    /// <summary>Each node registers by a heartbeat of its own and is not heard again.</summary>
    public override async Task FillAsync(int leader, int records)
    {
        using RpcChannel channel = new(new RpcChannelOptions { Host = $"{Site.Address(leader)}", Port = 7070 });
        NodeServiceClient nodes = new(channel);
        foreach (int[] some in Enumerable.Range(0, records).Chunk(64))
            await Task.WhenAll(some.Select(RegisterAsync));
        while ((await StatusAsync(leader))?.GetProperty("nodes").GetProperty("total").GetInt32() < records)
            await Task.Delay(20);

        async Task RegisterAsync(int node)
        {
            using DuplexCall<HeartbeatRequest, HeartbeatResponse> call = nodes.Heartbeat();
            await call.WriteAsync(new HeartbeatRequest
            {
                Node = $"node-{node}",
                Instance = 1,
                Sequence = 1,
                Address = $"10.50.{node / 250}.{1 + (node % 250)}",
                Status = ServingStatus.Serving,
            });
            await call.ReadAsync();
        }
    }

    protected override void Prepare(int replica)
    {
        string token = Path.Combine(Site.Data, Name, "token");
        File.WriteAllText(token, Token);
        string config = Site.Run("env", "GALE_XDP_MODE=off", "GALE_CHECKS_TIMEOUT=10m", Path.Combine(Site.Root, "e2e", "topology.sh"), "-p", Site.Prefix, "lb-config", $"{replica}", Path.Combine(Site.Data, Name));
        File.WriteAllText(ConfigOf(replica), config
            .Replace("/lb-", "/", StringComparison.Ordinal)
            .Replace(
                "[load_balancer_quorum]\n",
                $"[load_balancer_quorum]\nelection_timeout = \"{Election.TotalMilliseconds}ms\"\nheartbeat_interval = \"{Heartbeat.TotalMilliseconds}ms\"\n",
                StringComparison.Ordinal)
            + $"\n[security]\napi_token_file = \"{token}\"\n");
    }

    protected override Process Launch(int replica) => Site.Start(
        replica, Path.Combine(DirectoryOf(replica), "log"), [Path.Combine(Site.Root, "bin", "gale-lb"), "--config", ConfigOf(replica)]);

    protected override string? Leader(JsonElement status) => status.GetProperty("raft").GetProperty("leader").GetString();

    protected override long Applied(JsonElement status) => status.GetProperty("raft").GetProperty("applied_index").GetInt64();

    protected override bool IsNamed(JsonElement status, string leader) => status.GetProperty("replica").GetProperty("id").GetString() == leader;

    private string ConfigOf(int replica) => Path.Combine(DirectoryOf(replica), "lb.toml");
}
