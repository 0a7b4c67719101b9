using System.Text.Json;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Rest;

/// <summary>Every answer says which state it shows, with the digest of just that state's table.</summary>
public sealed class AnswerBasisTests : IAsyncLifetime
{
    private ApiHarness _api = null!;

    public async Task InitializeAsync()
    {
        _api = (await ApiHarness.StartAsync()).WithRoutable(2);
        _api.Tables.Release();
        _api.Tables.Reconcile().Should().BeTrue();
        _api.Replica.Apply(new BanNode("node-2", 60_000, "test", Force: true)).IsOk.Should().BeTrue();
    }

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    /// <summary>The table that the kernel has is an older one here, of another digest.</summary>
    [Theory]
    [InlineData("nodes")]
    [InlineData("nodes/node-1")]
    [InlineData("blacklist")]
    [InlineData("blocks")]
    [InlineData("services")]
    [InlineData("services/default")]
    [InlineData("services/default/ring")]
    [InlineData("events")]
    [InlineData("config")]
    [InlineData("connections")]
    public async Task Answer_WhileTheKernelLags_HasIndexAndDigestOfOneState(string path)
    {
        ApiAnswer answer = (await _api.GetAsync(path)).Being(200);

        string digest = ForwardingTableBuilder.Derive(_api.State).Digest;
        digest.Should().NotBe(_api.Tables.View.Digest);
        (answer["applied_index"], answer["table_digest"]).Should().Be(($"{_api.State.AppliedIndex}", digest));
        long.Parse(answer["age_ms"]!).Should().BeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public async Task Explain_WhileTheKernelLags_HasIndexAndDigestOfTheKernelsTable()
    {
        ApiAnswer answer = (await _api.GetAsync("explain?src=198.51.100.7:40000&dst=203.0.113.10:8080")).Being(200);
        (answer["applied_index"], answer["table_digest"]).Should().Be(($"{_api.Tables.View.Index}", _api.Tables.View.Digest));
        answer["age_ms"].Should().NotBeNull();
    }

    [Fact]
    public async Task DryRun_WhileTheKernelLags_HasIndexAndDigestOfTheStateThatItWasTriedOn()
    {
        ApiAnswer answer = (await _api.SendAsync("POST", "nodes/node-1/drain?dry_run=true&force=true")).Being(200);
        (answer["applied_index"], answer["table_digest"]).Should().Be(($"{_api.State.AppliedIndex}", ForwardingTableBuilder.Derive(_api.State).Digest));
    }

    [Theory]
    [InlineData("status")]
    [InlineData("cluster")]
    public async Task Answer_ThatIsAskedAgainAndAgain_DerivesNoTable(string path)
    {
        ApiAnswer answer = (await _api.GetAsync(path)).Being(200);
        (answer["applied_index"], answer["table_digest"]).Should().Be(($"{_api.State.AppliedIndex}", null));
        long.Parse(answer["age_ms"]!).Should().BeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public async Task Cluster_OfItself_HasIndexAndDigestOfOneTable()
    {
        JsonElement member = (await _api.GetAsync("cluster")).Being(200).Json.GetProperty("members")[0];
        (member.GetProperty("applied_index").GetUInt64(), member.GetProperty("table_digest").GetString())
            .Should().Be((_api.Tables.View.Index.Value, _api.Tables.View.Digest));
    }

    [Fact]
    public async Task Status_OfTheDataPlane_IsOfOneTable()
    {
        ApiAnswer answer = (await _api.GetAsync("status")).Being(200);
        JsonElement plane = answer.Json.GetProperty("data_plane");
        (plane.GetProperty("applied_index").GetUInt64(), plane.GetProperty("table_digest").GetString())
            .Should().Be((_api.Tables.View.Index.Value, _api.Tables.View.Digest));
    }

    [Fact]
    public async Task Diff_HasTheDigestsOfBothStates()
    {
        LogIndex from = _api.Tables.View.Index, to = _api.State.AppliedIndex;
        ApiAnswer answer = (await _api.GetAsync($"diff?from={from}&to={to}")).Being(200);
        (answer["from_digest"], answer["to_digest"]).Should().Be((_api.Tables.View.Digest, ForwardingTableBuilder.Derive(_api.State).Digest));
    }

    [Fact]
    public async Task Nodes_WithinAList_HaveNoBasisOfTheirOwn() =>
        (await _api.GetAsync("nodes")).Being(200).Json.GetProperty("nodes")[0].TryGetProperty("applied_index", out _).Should().BeFalse();

    [Fact]
    public async Task Ban_HasTheIndexOfItsLastChange() =>
        (await _api.GetAsync("blacklist")).Being(200).Json.GetProperty("blacklist")[0].GetProperty("index").GetUInt64().Should().Be(_api.State.AppliedIndex.Value);
}
