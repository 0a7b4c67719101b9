using System.Text.Json.Nodes;

namespace GaleLb.Cli.Tests;

public sealed class ReadCommandTests
{
    [Fact]
    public async Task Status_OfLeader_ShowsRoleNodesAndDataPlane()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/status", Recorded.Status);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "status");

        run.ExitCode.Should().Be(0);
        run.Error.Should().BeEmpty();
        run.Lines.Should().ContainInOrder(
            "replica 10.0.0.1:9090, member 9f2c41d07be3a815, version 0.1.0, up 1h2m3s",
            "role leader, term 4",
            "leader 10.0.0.1:9090",
            "log committed 42, applied 42",
            "nodes 3 of 4 routable, 1 draining",
            "data plane attached, native",
            "table 0123456789ab at index 42",
            "public side eth1, native",
            "warning no [security]: orders are taken from loopback only");
    }

    [Fact]
    public async Task Status_AsJson_IsTheWholeAnswer()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/status", Recorded.Status);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "status", "-o", "json");

        run.ExitCode.Should().Be(0);
        JsonNode.DeepEquals(JsonNode.Parse(run.Output), JsonNode.Parse(Recorded.Status)).Should().BeTrue();
    }

    [Fact]
    public async Task Config_WhileAFileRollsThrough_ShowsWhatChangesAndWhoHasIt()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/config", Recorded.Config);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "config");

        run.Lines.Should().Equal(
            "KEY VALUE STAGED", "node_health.checks_timeout 5000 7000", "node_health.min_routable 0", "REPLICA ITS FILE IS DIGEST",
            "10.0.0.1:9090 baseline aaaaaaaaaaaa", "10.0.0.2:9090 baseline aaaaaaaaaaaa", "10.0.0.3:9090 staged bbbbbbbbbbbb",
            "staged at index 40: in force once every voter's file says so");
    }

    [Fact]
    public async Task Nodes_Table_AlignsColumns()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/nodes", Recorded.Nodes);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "nodes");

        run.ExitCode.Should().Be(0);
        run.Output.Should().Be(
            "NODE     ADDRESS          STATE         WEIGHT   FAILS   HEARTBEAT   CONNECTIONS   REASON\n"
            + "node-1   10.0.0.11:8080   routable         100       0       412ms            17   \n"
            + "node-2   fd00::12         blacklisted       50       5           -             0   5 fails, for another 4m32s\n");
    }

    [Fact]
    public async Task Nodes_Wide_AddsTrafficAndNextHop()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/nodes", Recorded.Nodes);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "-o", "wide", "nodes");

        run.Lines[1].Should().Be("node-1 10.0.0.11:8080 routable 100 3 0 412ms 9f2c41d07be3a815 known all 17 1200 1.5 MiB 7");
        run.Lines[2].Should().Be("node-2 fd00::12 blacklisted 50 0 5 - - unresolved web 0 0 0 B 31 5 fails, for another 4m32s");
    }

    [Fact]
    public async Task Nodes_OfOneId_ShowsIt()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/nodes/node-1", Recorded.Node);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "nodes", "node-1");

        run.ExitCode.Should().Be(0);
        run.Lines.Should().ContainInOrder("node node-1", "address 10.0.0.11:8080", "state routable, suspect", "heartbeat 1.4s ago", "services web,dns");
    }

    [Fact]
    public async Task Nodes_IdThatNeedsEscaping_IsEscaped()
    {
        await using ReplicaDouble replica = await ReplicaDouble.StartAsync();

        await GalectlRun.OfAsync("--api", replica.Url, "nodes", "a/b?c");

        replica.Received.Single().PathAndQuery.Should().Be("/api/v1/nodes/a%2Fb%3Fc");
    }

    [Fact]
    public async Task Nodes_Local_AsksForLocalConsistency()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/nodes?consistency=local", """{"nodes":[]}""");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "nodes", "--local");

        run.Output.Should().Be("no nodes\n");
    }

    [Fact]
    public async Task Cluster_WithADifferingMember_NamesKeyAndBothValues()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/cluster", Recorded.Cluster);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "cluster");

        run.Lines.Should().Equal(
            "MEMBER ADDRESS ROLE REACHABLE MATCH APPLIED TABLE",
            "a1 10.0.0.1:9090 leader yes 42 42 0123456789ab",
            "b2 10.0.0.2:9090 voter no 40 40 fedcba987654",
            "10.0.0.2:9090 has other settings:",
            "node_health.checks_timeout: 7000 there, 5000 in the cluster",
            "waiting: 10.0.0.3:9090 (c3): not a member");
    }

    [Fact]
    public async Task Cluster_AskedOfAReplicaWhoseOwnFileDiffers_SaysThatTheValueIsThatFiles()
    {
        string cluster = Recorded.Cluster.Replace("\"refused\":[]", """
            "refused":[{"id":"a1","address":"10.0.0.4:9090","reason":"this one's file is not the cluster's","differences":[
              {"key":"node_health.checks_timeout","compared_with":"here","cluster":null,"here":"9000","replica":"5000"},
              {"key":"services.web.port","compared_with":"here","cluster":null,"here":null,"replica":"80"}]}]
            """, StringComparison.Ordinal);
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/cluster", cluster);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "cluster");

        run.Lines.TakeLast(3).Should().Equal(
            "refused: 10.0.0.4:9090 (a1): this one's file is not the cluster's",
            "node_health.checks_timeout: 5000 there, 9000 in the file of the replica that answers",
            "services.web.port: 80 there, (absent) in the file of the replica that answers");
    }

    [Fact]
    public async Task Blacklist_WithABan_ShowsWhyAndHowLong()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/blacklist", Recorded.Blacklist);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "blacklist");

        run.Lines.Should().Equal("NODE LEFT UNTIL REASON", "node-2 4m32s 2026-11-22 02:30:00Z 5 fails");
    }

    [Fact]
    public async Task Ring_OfAService_ShowsShares()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/services/default/ring", Recorded.Ring);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "ring", "default");

        run.Lines.Should().Equal("NODE SLOTS SHARE", "node-1 32769 50.00 %", "node-3 32768 50.00 %");
    }

    [Fact]
    public async Task Services_WithoutAddresses_ShowsSelf()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/services", Recorded.Services);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "services");

        run.Lines.Should().Equal("SERVICE ADDRESSES PORT PROTOCOL FORWARDING NODES", "default self 8080 tcp l4 3");
    }

    [Fact]
    public async Task Nodes_OnATerminal_HasColours()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync()).Answer("GET /api/v1/nodes", Recorded.Nodes);

        GalectlRun piped = await GalectlRun.OfAsync("--api", replica.Url, "nodes");
        GalectlRun shown = await GalectlRun.OfAsync(new Dictionary<string, string>(), true, "--api", replica.Url, "nodes");

        piped.Output.Should().NotContain("\e");
        shown.Output.Should().Contain("\e[32mroutable\e[0m").And.Contain("\e[31mblacklisted\e[0m");
    }

    [Fact]
    public async Task Nodes_WithControlCharactersInAName_DoesNotPassThemToTheTerminal()
    {
        await using ReplicaDouble replica = (await ReplicaDouble.StartAsync())
            .Answer("GET /api/v1/nodes", """{"nodes":[{"id":"evil\u001b[2Jnode","state":"routable"}]}""");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "nodes");

        run.Output.Should().NotContain("\e").And.Contain("evil\uFFFD[2Jnode");
    }
}
