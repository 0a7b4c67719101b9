using System.Diagnostics;
using System.Net;
using System.Text.Json;

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

    protected override void Prepare(int replica)
    {
        string token = Path.Combine(Site.Data, Name, "token");
        File.WriteAllText(token, Token);
        string config = Site.Run("env", "GALE_XDP_MODE=off", Path.Combine(Site.Root, "e2e", "topology.sh"), "-p", Site.Prefix, "lb-config", $"{replica}", Path.Combine(Site.Data, Name));
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

    protected override bool IsNamed(JsonElement status, string leader) => status.GetProperty("replica").GetProperty("id").GetString() == leader;

    private string ConfigOf(int replica) => Path.Combine(DirectoryOf(replica), "lb.toml");
}
