using System.Net;
using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>What becomes of the cluster, and of requests, when replicas die, pause, or stop.</summary>
public sealed class ReplicaFailureTests(ClusterFixture fixture) : ClusterTests(fixture), IClassFixture<ClusterFixture>
{
    [RootFact]
    public Task Leader_Killed_IsReplacedWhileForwardingNeverStops() => ObserveAsync(async () =>
    {
        var old = await Cluster.WaitForLeaderAsync(Cluster.AllReplicas);
        var survivors = Cluster.AllReplicas.Remove(old);
        await using var load = Load.Through([.. Cluster.AllReplicas]);
        using var flow = await ClientRequests.OpenDripAsync(old, lines: 100);

        Cluster.Replica(old).Kill();
        var leader = await Cluster.WaitForLeaderAsync(survivors);

        survivors.Should().Contain(leader);
        for (var since = DateTime.UtcNow; DateTime.UtcNow - since < 2 * Cluster.ChecksTimeout;)
        {
            foreach (var replica in survivors)
            {
                (await Cluster.Api(replica).StatusAsync()).Routable.Should().Be(3, "nodes heartbeat through the other replicas and none is ejected");
            }

            await Task.Delay(100);
        }

        Cluster.StartReplica(old);
        await Eventually.HoldsAsync($"lb-{old} is ready again", () => Cluster.Api(old).IsReadyAsync());
        await Cluster.WaitForSameTableAsync(Cluster.AllReplicas);

        (await load.StopAsync()).Should().OnlyContain(answer => answer.Failure == null, "the killed replica's kernel forwards on, too");
        var lines = (await flow.ReadToEndAsync()).Split('\n').Where(line => line.StartsWith("node-", StringComparison.Ordinal)).ToList();
        lines.Should().HaveCount(100, "a flow through the killed replica outlives its crash and its restart");
    });

    [RootFact]
    public Task Quorum_Lost_ForwardingGoesOnAndOrdersWaitForItsReturn() => ObserveAsync(async () =>
    {
        await using var load = Load.Through([.. Cluster.AllReplicas]);
        Cluster.Replica(1).Kill();
        Cluster.Replica(2).Kill();

        await Task.Delay(3 * Cluster.ChecksTimeout);

        var alone = await Cluster.Api(3).StatusAsync();
        alone.IsLeader.Should().BeFalse("one of three is no majority");
        alone.Routable.Should().Be(3, "without a leader nobody judges, so nobody is ejected");
        (await Cluster.Api(3).IsReadyAsync()).Should().BeTrue("losing quorum does not unready a replica");
        using (var refused = await Cluster.Api(3).SendAsync(HttpMethod.Post, "/api/v1/nodes/node-2/drain"))
        {
            refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable, "nothing is committed without a majority");
            refused.Headers.RetryAfter.Should().NotBeNull();
        }

        (await Cluster.Api(3).NodeAsync("node-2"))!.State.Should().Be("routable");

        await Cluster.MendAsync();
        (await Cluster.Api(3).NodeAsync("node-2"))!.State.Should().Be("routable", "an order that was answered with 503 is not carried out later");
        foreach (var order in new[] { "drain", "undrain" })
        {
            using var taken = await Cluster.Api(3).SendAsync(HttpMethod.Post, $"/api/v1/nodes/node-2/{order}");
            taken.StatusCode.Should().Be(HttpStatusCode.OK, "a majority is back");
        }

        (await Cluster.WaitForSameTableAsync(Cluster.AllReplicas)).Should().NotBeEmpty();
        (await load.StopAsync()).Should().OnlyContain(answer => answer.Failure == null);
    });

    [RootFact]
    public Task AllReplicas_KilledAndRestarted_KeepTheStateAndEjectNobody() => ObserveAsync(async () =>
    {
        var before = await Cluster.WaitForSameTableAsync(Cluster.AllReplicas);
        var term = (await Cluster.Api(1).StatusAsync()).Term;
        await using var load = Load.Through([.. Cluster.AllReplicas]);

        foreach (var replica in Cluster.AllReplicas)
        {
            Cluster.Replica(replica).Kill();
        }

        await Cluster.MendAsync();

        (await Cluster.WaitForSameTableAsync(Cluster.AllReplicas)).Should().Be(before);
        (await Cluster.Api(1).StatusAsync()).Term.Should().BeGreaterThanOrEqualTo(term, "a term never goes back");
        (await load.StopAsync()).Should().OnlyContain(answer => answer.Failure == null);
    });

    [RootFact]
    public Task Leader_PausedBeyondTheElectionTimeout_FollowsWhenItWakes() => ObserveAsync(async () =>
    {
        var old = await Cluster.WaitForLeaderAsync(Cluster.AllReplicas);
        var survivors = Cluster.AllReplicas.Remove(old);
        Cluster.Replica(old).Pause();
        try
        {
            await Cluster.WaitForLeaderAsync(survivors);
        }
        finally
        {
            Cluster.Replica(old).Resume();
        }

        await Eventually.HoldsAsync("the old leader has stepped down", async () => !(await Cluster.Api(old).StatusAsync()).IsLeader);
        await Cluster.WaitForRoutableAsync(3, Cluster.AllReplicas);
        await Cluster.WaitForSameTableAsync(Cluster.AllReplicas);
    });

    [RootFact]
    public Task Leader_Killed_WhoFollowsItsEventsMissesNoneAndSeesNoneTwice() => ObserveAsync(async () =>
    {
        var old = await Cluster.WaitForLeaderAsync(Cluster.AllReplicas);
        var survivors = Cluster.AllReplicas.Remove(old);
        IEnumerable<string> addresses = survivors.Insert(0, old).SelectMany(replica => new[] { "--api", ReplicaApi.PrivateBase(replica).ToString() });
        using var follower = Daemon.Start(
            Topology.Replica(survivors[0]), Path.Combine(Cluster.Directory, $"events-{old}"), Repository.Binary("galectl"),
            [.. addresses, "events", "--follow", "--output", "json"]);
        await Eventually.HoldsAsync("the leader's events arrive", () => Task.FromResult(follower.Log.Contains("\"kind\"", StringComparison.Ordinal)));

        Cluster.Replica(old).Kill();
        await Cluster.WaitForLeaderAsync(survivors);
        foreach (var order in new[] { "drain", "undrain", "drain", "undrain" })
        {
            (await Cluster.Api(survivors[1]).SendAsync(HttpMethod.Post, $"/api/v1/nodes/node-1/{order}")).EnsureSuccessStatusCode();
        }

        await Cluster.MendAsync();
        var told = (await Cluster.Api(survivors[0]).GetAsync("/api/v1/events")).GetProperty("events").EnumerateArray().Select(e => e.GetRawText()).ToList();
        await Eventually.HoldsAsync("all events have arrived", () => Task.FromResult(Lines(follower).Count >= told.Count));
        Lines(follower).Take(told.Count).Should().Equal(told);
        told.Count(line => line.Contains("node_drained", StringComparison.Ordinal)).Should().BeGreaterThanOrEqualTo(2);
    });

    [RootFact]
    public Task State_OfOneIndex_IsTheSameOnEveryReplicaAndTheHandOverHasItsCaller() => ObserveAsync(async () =>
    {
        await Cluster.WaitForLeaderAsync(Cluster.AllReplicas);
        await Cluster.WaitForSameTableAsync(Cluster.AllReplicas);
        await Eventually.HoldsAsync("the state is of the version that tells of such orders", async () =>
            (await Cluster.Api(1).GetTextAsync("/api/v1/events")).Contains("state_version_raised", StringComparison.Ordinal));
        (await Cluster.Api(1).SendAsync(HttpMethod.Post, "/api/v1/cluster/transfer-leadership")).EnsureSuccessStatusCode();
        await Cluster.WaitForLeaderAsync(Cluster.AllReplicas);

        var events = (await Cluster.Api(2).GetAsync("/api/v1/events")).GetProperty("events").EnumerateArray().ToList();
        var order = events.Last(e => e.GetProperty("kind").GetString() == "member_ordered");
        var index = order.GetProperty("index").GetUInt64();

        order.GetProperty("origin").GetString().Should().Be("rest 127.0.0.1");
        order.GetProperty("cause").GetString().Should().StartWith("hand leadership to 10.98.2.");
        var states = await Task.WhenAll(Cluster.AllReplicas.Select(replica => Cluster.Api(replica).GetTextAsync($"/api/v1/state?index={index}")));
        states.Distinct(StringComparer.Ordinal).Should().ContainSingle("a state is a function of the log").Which.Should().Contain("\"node-3\"");
    });

    [RootFact]
    public Task Leader_Unplugged_IsReplacedAndFollowsOnceItIsBack() => ObserveAsync(async () =>
    {
        var old = await Cluster.WaitForLeaderAsync(Cluster.AllReplicas);
        var survivors = Cluster.AllReplicas.Remove(old);
        await Topology.PlugAsync($"lb-{old}", plugged: false);
        try
        {
            await Cluster.WaitForLeaderAsync(survivors);
            await Cluster.WaitForRoutableAsync(3, survivors);
            (await ClientRequests.ManyAsync(survivors[0], 100)).Should().OnlyContain(answer => answer.Failure == null);
        }
        finally
        {
            await Topology.PlugAsync($"lb-{old}", plugged: true);
        }

        await Cluster.WaitForSameTableAsync(Cluster.AllReplicas);
    });

    [RootFact]
    public Task Replica_Terminated_DetachesItsProgramsAndLeavesTheNetworkAsItWas() => ObserveAsync(async () =>
    {
        (await NetworkState.OfAsync(Topology.Replica(2))).HasPrograms.Should().BeTrue();

        (await Cluster.Replica(2).TerminateAsync()).Should().Be(0);

        (await NetworkState.OfAsync(Topology.Replica(2))).HasPrograms.Should().BeFalse("on_exit is detach by default");
        await Cluster.WaitForRoutableAsync(3, 1, 3);
        (await ClientRequests.ManyAsync(1, 50)).Should().OnlyContain(answer => answer.Failure == null);
    });

    /// <summary>
    /// Every port that the replica may choose is in TIME_WAIT on the node. A SYN whose sequence number is before what the node expects there is answered by an
    /// ACK, the client's RST makes the node forget that connection, and the repeated SYN gets through, if it goes by the same port.
    /// </summary>
    [RootFact]
    public Task Replica_ThatLostItsFlows_OpensNewOnesByPortsThatANodeHoldsInTimeWait() => ObserveAsync(async () =>
    {
        const int Ports = 1024, Challenged = 16, First = 0x40000000;
        var address = ClientRequests.EndPoint(3);
        var ephemeral = await Topology.Replica(3).ReadSettingAsync("net.ipv4.ip_local_port_range");
        var timestamps = await Topology.Client.ReadSettingAsync("net.ipv4.tcp_timestamps");
        try
        {
            await Topology.Client.SetAsync("net.ipv4.tcp_timestamps", "0"); // A later one would do for the node to take the SYN.
            await Topology.Replica(3).SetAsync("net.ipv4.ip_local_port_range", $"1024 {ushort.MaxValue - Ports}");
            foreach (var node in new[] { 2, 3 })
            {
                await Cluster.Api(1).OrderAsync(HttpMethod.Post, $"/api/v1/nodes/node-{node}/drain");
            }

            await StartWithoutFlowsAsync(3);
            (await ClientRequests.ManyAsync(3, address, Ports, First)).Should().OnlyContain(answer => answer.Failure == null);
            await Eventually.HoldsAsync("each connection had a port of its own", async () => await InTimeWaitAsync() == Ports);

            await StartWithoutFlowsAsync(3);
            var before = await ResetsAsync();
            (await ClientRequests.ManyAsync(3, address, Challenged, First / 2)).Should().OnlyContain(answer => answer.Failure == null);
            (await ResetsAsync() - before).Should().BeGreaterThanOrEqualTo(Challenged, "the node took none of them at once");
        }
        finally
        {
            await Topology.Client.SetAsync("net.ipv4.tcp_timestamps", timestamps);
            await Topology.Replica(3).SetAsync("net.ipv4.ip_local_port_range", ephemeral);
            await Cluster.Replica(3).TerminateAsync();
            foreach (var node in new[] { 2, 3 })
            {
                await Cluster.Api(1).OrderAsync(HttpMethod.Post, $"/api/v1/nodes/node-{node}/undrain");
            }
        }
    });

    [RootFact]
    public Task Replica_WhoseDataIsLost_IsReplacedByOneCommand() => ObserveAsync(async () =>
    {
        await Cluster.WaitForSameTableAsync(Cluster.AllReplicas);
        await Cluster.Replica(3).TerminateAsync();
        Directory.Delete(Path.Combine(Cluster.Directory, "lb-3", "data"), recursive: true);
        Cluster.StartReplica(3);
        var refusal = "";
        await Eventually.HoldsAsync("the replica without data is refused its old place", async () =>
        {
            var refused = (await Cluster.Api(1).GetAsync("/api/v1/cluster")).GetProperty("refused").EnumerateArray().ToList();
            refusal = refused.Select(r => r.GetProperty("reason").GetString()!).FirstOrDefault() ?? "";
            return refusal.Contains("galectl cluster replace ", StringComparison.Ordinal);
        });

        // What the refusal tells the operator to type, as it stands.
        var command = refusal[refusal.LastIndexOf("galectl cluster", StringComparison.Ordinal)..].Split(' ')[1..];
        var replaced = await Command.InAsync(Topology.Replica(1), Repository.Binary("galectl"), command);

        replaced.ExitCode.Should().Be(0, "{0}", replaced);
        await Eventually.HoldsAsync("the new member votes", async () =>
        {
            var members = (await Cluster.Api(1).GetAsync("/api/v1/cluster")).GetProperty("members").EnumerateArray().ToList();
            return members.Count == 3 && members.All(m => m.GetProperty("role").GetString() is "voter" or "leader" && m.GetProperty("id").GetString() != command[^1]);
        });
        await Cluster.MendAsync();
        await Cluster.WaitForSameTableAsync(Cluster.AllReplicas);
    });

    /// <summary>As after a power cut: neither programs nor maps of its earlier life are there.</summary>
    private async Task StartWithoutFlowsAsync(int replica)
    {
        await Cluster.Replica(replica).TerminateAsync();
        (await NetworkState.OfAsync(Topology.Replica(replica))).HasPrograms.Should().BeFalse();
        Cluster.StartReplica(replica);
        await Eventually.HoldsAsync($"lb-{replica} is ready again", () => Cluster.Api(replica).IsReadyAsync());
        await Cluster.WaitForRoutableAsync(1, replica);
    }

    /// <summary>Connections of clients that node-1 has closed and remembers.</summary>
    private static async Task<int> InTimeWaitAsync() =>
        (await Command.InAsync(Topology.Node(1), "ss", "-Htn", "state", "time-wait", "dst", $"{Topology.PrivateAddress(3)}", "sport", "=", $"{Topology.ClientsPort}"))
        .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    /// <summary>Connections that the client has reset so far.</summary>
    private static async Task<long> ResetsAsync()
    {
        // The names of the values, then the values.
        var lines = (await Command.InAsync(Topology.Client, "cat", "/proc/net/snmp")).Output.Split('\n').Where(line => line.StartsWith("Tcp:", StringComparison.Ordinal))
            .Select(line => line.Split(' ')).ToList();
        return long.Parse(lines[1][Array.IndexOf(lines[0], "OutRsts")]);
    }

    private static List<string> Lines(Daemon follower) =>
        [.. follower.Log.Split('\n').Where(line => line.StartsWith('{') && line.EndsWith('}'))];
}
