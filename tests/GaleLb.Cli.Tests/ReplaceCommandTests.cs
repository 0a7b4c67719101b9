namespace GaleLb.Cli.Tests;

/// <summary><c>galectl cluster replace</c>: two orders, the first only when somebody waits for the place.</summary>
public sealed class ReplaceCommandTests
{
    private const string Gone = """{"index":43,"outcome":"committed","detail":"a1 at 10.0.0.1:9090 is no member any more"}""";
    private const string Learns = """{"index":44,"outcome":"committed","detail":"d4 learns, and votes once it has caught up"}""";

    [Fact]
    public async Task Replace_WhoseAddressAnotherReplicaHas_RemovesAndAdmits()
    {
        await using ReplicaDouble replica = (await StartAsync("refused", "10.0.0.1:9090"))
            .Answer("DELETE /api/v1/cluster/members/a1", Gone).Answer("POST /api/v1/cluster/members", Learns);

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "cluster", "replace", "a1");

        run.Error.Should().BeEmpty();
        run.ExitCode.Should().Be(0);
        run.Lines.Should().Equal(
            "committed at index 43: a1 at 10.0.0.1:9090 is no member any more", "committed at index 44: d4 learns, and votes once it has caught up");
        replica.Received.Select(r => $"{r.Method} {r.PathAndQuery} {r.Body}".TrimEnd()).Should().Equal(
            "GET /api/v1/cluster", "DELETE /api/v1/cluster/members/a1", """POST /api/v1/cluster/members {"address":"10.0.0.1:9090"}""");
    }

    [Fact]
    public async Task Replace_AtAnotherAddress_AdmitsWhoWaitsThere()
    {
        await using ReplicaDouble replica = (await StartAsync("waiting", "10.0.0.9:9090"))
            .Answer("DELETE /api/v1/cluster/members/a1", Gone).Answer("POST /api/v1/cluster/members", Learns);

        (await GalectlRun.OfAsync("--api", replica.Url, "cluster", "replace", "a1", "10.0.0.9:9090")).ExitCode.Should().Be(0);

        replica.Received[^1].Body.Should().Be("""{"address":"10.0.0.9:9090"}""");
    }

    [Fact]
    public async Task Replace_WhileNobodyWaitsThere_RemovesNobody()
    {
        await using ReplicaDouble replica = await StartAsync("waiting", "10.0.0.9:9090");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "cluster", "replace", "a1");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("no other replica waits at 10.0.0.1:9090: start one there with an empty data_directory first");
        replica.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Replace_OfNoMember_SaysHowToAdmit()
    {
        await using ReplicaDouble replica = await StartAsync("waiting", "10.0.0.9:9090");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "cluster", "replace", "b2", "10.0.0.9:9090");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("no member has the id b2").And.Contain("galectl cluster add");
        replica.Received.Should().ContainSingle();
    }

    [Fact]
    public async Task Replace_DryRun_AdmitsNobody()
    {
        await using ReplicaDouble replica = (await StartAsync("refused", "10.0.0.1:9090")).Answer(
            "DELETE /api/v1/cluster/members/a1?dry_run=true",
            """{"dry_run":true,"outcome":"would_commit","applied_index":42,"detail":"a1 at 10.0.0.1:9090 would be no member any more","services":[]}""");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "cluster", "replace", "a1", "--dry-run");

        run.ExitCode.Should().Be(0);
        replica.Received.Should().HaveCount(2);
    }

    [Fact]
    public async Task Replace_NotAdmittedAfterTheRemoval_SaysHowToGoOn()
    {
        await using ReplicaDouble replica = (await StartAsync("refused", "10.0.0.1:9090"))
            .Answer("DELETE /api/v1/cluster/members/a1", Gone)
            .Refuse("POST /api/v1/cluster/members", 409, "Conflict", "another change of the members is under way");

        GalectlRun run = await GalectlRun.OfAsync("--api", replica.Url, "cluster", "replace", "a1");

        run.ExitCode.Should().Be(1);
        run.Error.Should().Contain("a1 is removed, but 10.0.0.1:9090 is not admitted yet")
            .And.Contain("another change of the members").And.Contain("galectl cluster add 10.0.0.1:9090");
    }

    /// <summary>A cluster of a1 at 10.0.0.1, and d4, waiting or refused at an address.</summary>
    private static async Task<ReplicaDouble> StartAsync(string listed, string address) => (await ReplicaDouble.StartAsync()).Answer(
        "GET /api/v1/cluster",
        $$"""
        {"cluster_id":"1","leader":"b2","term":3,"members":[{"id":"a1","address":"10.0.0.1:9090","role":"voter","reachable":false}],
         "{{listed}}":[{"id":"d4","address":"{{address}}","reason":"","differences":[]}],"digests_agree":true}
        """);
}
