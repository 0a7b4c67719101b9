using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>Who is let in where, and what strangers and broken callers are told.</summary>
public sealed class AccessTests(ClusterFixture fixture) : ClusterTests(fixture), IClassFixture<ClusterFixture>
{
    [RootFact]
    public Task ControlPorts_FromThePublicSide_AreClosed() => ObserveAsync(async () =>
    {
        foreach (var port in new[] { Topology.ApiPort, Topology.NodePort, Topology.LoadBalancerPort })
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            var connect = async () => (await Topology.Client.ConnectAsync(new IPEndPoint(Topology.PublicAddress(1), port), deadline.Token)).Dispose();

            (await connect.Should().ThrowAsync<SocketException>($"port {port} is for the private side")).Which.SocketErrorCode
                .Should().Be(SocketError.ConnectionRefused);
        }
    });

    [RootFact]
    public Task OtherTraffic_ToAReplicasPublicAddress_PassesUntouched() => ObserveAsync(async () =>
    {
        var ping = await Command.InAsync(Topology.Client, "ping", "-c", "3", "-i", "0.2", "-W", "1", $"{Topology.PublicAddress(1)}");
        ping.ExitCode.Should().Be(0, ping.ToString());

        using var listener = Topology.Replica(1).Listen(new IPEndPoint(Topology.PublicAddress(1), 2222));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        using var connection = await Topology.Client.ConnectAsync(new IPEndPoint(Topology.PublicAddress(1), 2222), deadline.Token);
        connection.Connected.Should().BeTrue("a port of no service is the machine's own");
    });

    [RootFact]
    public Task ChangingCall_FromAnotherMachine_IsForbiddenAndSaysWhatWouldAllowIt() => ObserveAsync(async () =>
    {
        using var http = Topology.Node(1).CreateHttpClient(TimeSpan.FromSeconds(10));
        using var response = await http.DeleteAsync(new Uri(ReplicaApi.PrivateBase(1), "/api/v1/nodes/node-2"));

        response.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        response.Content.Headers.ContentType?.MediaType.Should().Be("application/problem+json");
        (await response.Content.ReadAsStringAsync()).Should().Contain("api_token_file");
        (await Cluster.Api(1).NodeAsync("node-2"))!.State.Should().Be("routable");
    });

    [RootFact]
    public Task ReadingCalls_OnEveryReplica_AreAnsweredByLeaderAndFollowersAlike() => ObserveAsync(async () =>
    {
        foreach (var replica in Cluster.AllReplicas)
        {
            foreach (var path in new[] { "/healthz", "/readyz", "/metrics", "/api/v1/status", "/api/v1/cluster", "/api/v1/nodes", "/api/v1/nodes/node-1", "/api/v1/blacklist", $"/api/v1/services/{Cluster.Service}/ring" })
            {
                using var response = await Cluster.Api(replica).SendAsync(HttpMethod.Get, path);
                response.StatusCode.Should().Be(HttpStatusCode.OK, $"{path} on lb-{replica}");
            }

            (await Cluster.Api(replica).GetTextAsync("/metrics")).Should().Contain("# TYPE galelb_");
        }
    });

    [RootFact]
    public Task UnknownNode_Asked_IsAProblemDocument() => ObserveAsync(async () =>
    {
        using var response = await Cluster.Api(2).SendAsync(HttpMethod.Get, "/api/v1/nodes/nobody");

        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        response.Content.Headers.ContentType?.MediaType.Should().Be("application/problem+json");
        JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("status").GetInt32().Should().Be(404);
    });

    [RootFact]
    public Task Heartbeat_OfAForeignClient_IsAnswered() => ObserveAsync(async () =>
        (await ProbeAsync("valid")).Should().StartWith("answered 1", "a new node is probing"));

    [RootFact]
    public Task Heartbeat_WithABadName_IsRefusedWithAReason() => ObserveAsync(async () =>
        (await ProbeAsync("bad-name")).Should().MatchRegex("^(answered 6 .+|refused INVALID_ARGUMENT .+)", "the reason is said"));

    [RootFact]
    public Task Heartbeat_Malformed_EndsTheStreamAndNothingElse() => ObserveAsync(async () =>
    {
        (await ProbeAsync("malformed")).Should().MatchRegex("^refused (INVALID_ARGUMENT|INTERNAL) .+");
        await AllIsWellAsync();
    });

    [RootFact]
    public Task Heartbeat_Oversized_IsRefusedByItsSizeAndNothingElse() => ObserveAsync(async () =>
    {
        (await ProbeAsync("oversized")).Should().StartWith("refused RESOURCE_EXHAUSTED ");
        await AllIsWellAsync();
    });

    private static async Task<string> ProbeAsync(string kind)
    {
        var result = await Command.InAsync(
            Topology.Node(4), Repository.Script("heartbeat_probe.py"), $"{Topology.PrivateAddress(1)}:{Topology.NodePort}", kind);
        result.ExitCode.Should().Be(0, result.ToString());
        return result.Output;
    }

    private async Task AllIsWellAsync()
    {
        (await Cluster.Api(1).IsReadyAsync()).Should().BeTrue();
        (await Cluster.Api(1).StatusAsync()).Routable.Should().Be(3);
    }
}
