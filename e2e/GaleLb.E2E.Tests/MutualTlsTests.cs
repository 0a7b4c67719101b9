using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>A cluster in which everybody shows certificates, and callers and nodes tokens.</summary>
public sealed class SecuredClusterFixture : ClusterFixture
{
    protected override ClusterShape Shape => ClusterShape.Secured;
}

/// <summary>
/// Mutual TLS and tokens between real processes: the cluster itself works by them, strangers get nowhere on any port, and an authority is
/// replaced while everything runs.
/// </summary>
public sealed class MutualTlsTests(SecuredClusterFixture fixture) : ClusterTests(fixture), IClassFixture<SecuredClusterFixture>
{
    private const string Strangers = "strangers";
    private const string Next = "next";

    [RootFact]
    public Task Stranger_OnAnyPort_GetsNowhereAndIsCountedAndToldOnce() => ObserveAsync(async () =>
    {
        await Cluster.Credentials.FoundAuthorityAsync(Strangers);
        var none = Cluster.Credentials.Caller();
        var stranger = Cluster.Credentials.Caller(Strangers);
        var node = Cluster.Credentials.Caller(Cluster.Credentials.Authority, "node-1");
        foreach (var (port, name, path) in new[]
        {
            (Topology.ApiPort, "rest", "/api/v1/status"), (Topology.NodePort, "node", "/galelb.v1.NodeService/GetConfig"),
            (Topology.LoadBalancerPort, "peer", "/galelb.v1.PeerService/Introduce"),
        })
        {
            var before = await RefusedAsync(name);

            (await CallAsync("http", port, path, none)).Should().Be("no answer", $"port {port} speaks TLS alone");
            (await CallAsync("https", port, path, stranger)).Should().Be("no answer", $"port {port} believes no other authority");
            (await CallAsync("https", port, path, none)).Should().Be(port == Topology.ApiPort ? "401" : "no answer");
            (await CallAsync("https", port, path, node)).Should().Be(port switch
            {
                Topology.ApiPort => "200",
                Topology.NodePort => "grpc 16",
                _ => "grpc 7",
            }, "a node's certificate reads, is nothing without the node token, and is no replica's");

            (await RefusedAsync(name) - before).Should().BeGreaterThanOrEqualTo(3, $"each refusal on the {name} port is counted");
            var log = Cluster.Replica(1).Log;
            log[log.LastIndexOf(", REST on ", StringComparison.Ordinal)..].Split($"A call of {Topology.NodeAddress(Topology.Nodes)} to the {name} port is refused").Should().HaveCount(2, "it is told once");
        }

        (await Cluster.Api(1).NodeAsync("node-1"))!.State.Should().Be("routable");
    });

    [RootFact]
    public Task Token_OfACaller_GoesAsFarAsItsRole() => ObserveAsync(async () =>
    {
        const string order = "/api/v1/nodes/node-2/weight";
        var none = Cluster.Credentials.Caller();

        (await CallAsync("https", Topology.ApiPort, "/api/v1/nodes", none, "nobody's")).Should().Be("401");
        (await CallAsync("https", Topology.ApiPort, "/api/v1/nodes", none, Credentials.ReadToken)).Should().Be("200");
        (await OrderAsync(order, none, token: null)).Should().Be("401");
        (await OrderAsync(order, Cluster.Credentials.Caller(Cluster.Credentials.Authority), token: null)).Should().Be("403", "a certificate alone reads");
        (await OrderAsync(order, none, Credentials.ReadToken)).Should().Be("403");
        (await OrderAsync(order, none, Credentials.OrderToken)).Should().Be("200");
    });

    [RootFact]
    public Task Galectl_FromAnotherMachineWithACertificate_ShowsTheCluster() => ObserveAsync(async () =>
    {
        var shown = await Command.InAsync(Topology.Node(4), Repository.Binary("galectl"), [.. Cluster.Credentials.OperatorOptions(2), "nodes"]);

        shown.ExitCode.Should().Be(0, shown.ToString());
        shown.Output.Should().Contain("node-1").And.Contain("routable");
    });

    /// <summary>As docs/operations.md says: both authorities, then new certificates, then the new authority alone.</summary>
    [RootFact]
    public Task Authority_Replaced_WhileAllRuns_KeepsEveryNodeAndThenOldCertificatesAreWorthNothing() => ObserveAsync(async () =>
    {
        var first = Cluster.Credentials.Authority;
        await Cluster.Credentials.FoundAuthorityAsync(Next);

        await EveryProcessReadsAsync(() => Cluster.Credentials.Believe(first, Next));
        await EveryReplicaAsync("takes a certificate of either authority", async replica =>
            await ReadsAsync(replica, first) == "200" && await ReadsAsync(replica, Next) == "200");
        await EveryProcessReadsAsync(() => Cluster.Credentials.Use(Next));
        await EveryProcessReadsAsync(() => Cluster.Credentials.Believe(Next));
        await EveryReplicaAsync("shows its new certificate and takes no old one", async replica =>
            await ReadsAsync(replica, Next) == "200" && await ReadsAsync(replica, first) == "no answer");

        // Connections that are open stay: what follows makes everybody connect to everybody anew.
        foreach (var replica in Cluster.AllReplicas)
        {
            Cluster.Replica(replica).Kill();
            await Cluster.WaitForLeaderAsync(Cluster.AllReplicas.Remove(replica));
            Cluster.StartReplica(replica);
            await Cluster.WaitForRoutableAsync(3, Cluster.AllReplicas);
            await Cluster.WaitForSameTableAsync(Cluster.AllReplicas);
        }

        foreach (var node in new[] { 1, 2, 3 })
        {
            (await Cluster.Api(1).NodeAsync($"node-{node}"))!.Fails.Should().Be(0, "no node was ever without a replica");
        }
    });

    /// <summary>Changes files and waits until every replica and every node says that it has taken them.</summary>
    private async Task EveryProcessReadsAsync(Action change)
    {
        var told = Cluster.AllReplicas.Select(Cluster.Replica).Concat(new[] { 1, 2, 3 }.Select(Cluster.Node)).Select(process => (process, Before: Readings(process))).ToList();
        change();
        await Eventually.HoldsAsync("every process has read its files again", () => Task.FromResult(told.All(one => Readings(one.process) > one.Before)));

        static int Readings(Daemon process) => process.Log.Split("is in force from the next connection on").Length - 1;
    }

    private static Task<TimeSpan> EveryReplicaAsync(string what, Func<int, Task<bool>> holds) => Eventually.HoldsAsync(
        $"every replica {what}", async () => (await Task.WhenAll(Cluster.AllReplicas.Select(holds))).All(held => held));

    private Task<string> ReadsAsync(int replica, string authority) =>
        CallAsync("https", Topology.ApiPort, "/api/v1/status", Cluster.Credentials.Caller(authority), replica: replica);

    private static Task<string> OrderAsync(string path, SslClientAuthenticationOptions tls, string? token) =>
        CallAsync("https", Topology.ApiPort, path, tls, token, body: "{\"weight\": 100}");

    /// <summary>The sum over all reasons, as lb-1 counts them for a port.</summary>
    private async Task<double> RefusedAsync(string port) =>
        (await Cluster.Api(1).GetTextAsync("/metrics")).Split('\n')
            .Where(line => line.StartsWith($"galelb_refused_callers_total{{port=\"{port}\",", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>
    /// A call from a machine on the private side that is neither replica nor node, on a connection of its own: "grpc CODE", the HTTP
    /// status, or "no answer". The ports of nodes and replicas are called by gRPC with an empty message.
    /// </summary>
    private static async Task<string> CallAsync(
        string scheme, int port, string path, SslClientAuthenticationOptions tls, string? token = null, string? body = null, int replica = 1)
    {
        using var http = Topology.Node(Topology.Nodes).CreateHttpClient(TimeSpan.FromSeconds(10), tls);
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Put, new UriBuilder(scheme, $"{Topology.PrivateAddress(replica)}", port, path).Uri);
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, new MediaTypeHeaderValue("application/json"));
        }

        if (port != Topology.ApiPort)
        {
            request.Method = HttpMethod.Post;
            (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
            request.Content = new ByteArrayContent(new byte[5]);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        }

        try
        {
            using var response = await http.SendAsync(request);
            await response.Content.ReadAsByteArrayAsync();
            return port == Topology.ApiPort
                ? $"{(int)response.StatusCode}"
                : $"grpc {(response.TrailingHeaders.TryGetValues("grpc-status", out var codes) || response.Headers.TryGetValues("grpc-status", out codes) ? codes.Single() : "without a status")}";
        }
        catch (HttpRequestException)
        {
            return "no answer";
        }
    }
}
