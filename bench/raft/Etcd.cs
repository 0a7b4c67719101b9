using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace GaleLb.Bench.Raft;

/// <summary>Debian's etcd, asked by its JSON gateway.</summary>
internal sealed class Etcd(Site site, TimeSpan election) : Contender(site, election)
{
    private static readonly string Value = Convert.ToBase64String(Encoding.ASCII.GetBytes(new string('x', ValueBytes)));

    public override string Name => "etcd";

    protected override byte[] StatusRequest { get; } = HttpConnection.Request("POST", "/v3/maintenance/status", "", "{}");

    public override IPEndPoint Endpoint(int replica) => new(Site.Address(replica), 2379);

    public override byte[] Order(int key) => Put($"key-{key % Keys}");

    private static byte[] Put(string key) => HttpConnection.Request(
        "POST", "/v3/kv/put", "", $$"""{"key":"{{Convert.ToBase64String(Encoding.ASCII.GetBytes(key))}}","value":"{{Value}}"}""");

    public override async Task FillAsync(int leader, int records)
    {
        using HttpConnection connection = new(Endpoint(leader));
        await connection.ConnectAsync(CancellationToken.None);
        for (int record = 0; record < records; record++)
            if ((await connection.CallAsync(Put($"node-{record}"), CancellationToken.None)).Status != 200)
                throw new InvalidOperationException($"{Name}: key {record} was not taken.");
    }

    protected override void Prepare(int replica)
    {
        // Makes its directory itself.
    }

    protected override Process Launch(int replica)
    {
        string own = $"http://{Site.Address(replica)}";
        return Site.Start(
            replica, Path.Combine(DirectoryOf(replica), "log"),
            [
                "etcd", "--name", $"n{replica}", "--data-dir", Path.Combine(DirectoryOf(replica), "data"),
                "--listen-client-urls", $"{own}:2379", "--advertise-client-urls", $"{own}:2379",
                "--listen-peer-urls", $"{own}:2380", "--initial-advertise-peer-urls", $"{own}:2380",
                "--initial-cluster", string.Join(',', Enumerable.Range(1, Site.Replicas).Select(n => $"n{n}=http://{Site.Address(n)}:2380")),
                "--election-timeout", Milliseconds(Election), "--heartbeat-interval", Milliseconds(Heartbeat),
                "--quota-backend-bytes", $"{8L << 30}", "--logger", "zap", "--log-level", "error",
            ]);
    }

    protected override string? Leader(JsonElement status) =>
        status.TryGetProperty("leader", out JsonElement leader) && leader.GetString() is { } id and not "0" ? id : null;

    protected override long Applied(JsonElement status) => long.Parse(status.GetProperty("raftAppliedIndex").GetString()!, CultureInfo.InvariantCulture);

    protected override bool IsNamed(JsonElement status, string leader) => status.GetProperty("header").GetProperty("member_id").GetString() == leader;

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
}
