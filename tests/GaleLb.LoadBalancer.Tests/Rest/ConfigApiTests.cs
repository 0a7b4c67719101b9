using System.Text.Json;
using GaleLb.LoadBalancer.Tests.Support;

namespace GaleLb.LoadBalancer.Tests.Rest;

public sealed class ConfigApiTests : IAsyncLifetime
{
    private ApiHarness _api = null!;

    public async Task InitializeAsync() => _api = await ApiHarness.StartAsync();

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Fact]
    public async Task Get_NothingStaged_ShowsTheLogsSettingsAndWhoseFileSaysSo()
    {
        ApiAnswer answer = (await _api.GetAsync("config")).Being(200);

        answer.Json.GetProperty("settings").GetProperty("node_health.checks_timeout").GetString().Should().Be("5000");
        answer.Json.GetProperty("staged").ValueKind.Should().Be(JsonValueKind.Null);
        JsonElement group = answer.Json.GetProperty("replicas").EnumerateArray().Single();
        group.GetProperty("is").GetString().Should().Be("baseline");
        group.GetProperty("replicas").EnumerateArray().Select(r => r.GetString()).Should().Equal(SoleReplica.Address);
        answer.ETag.Should().Be("\"1\"");
    }

    [Fact]
    public async Task Put_AFile_IsStagedAndChangesNothingYet()
    {
        ApiAnswer staged = (await _api.SendAsync("PUT", "config/staged", SampleOptions.Text(checksTimeout: "7s"))).Being(200);

        ApiAnswer answer = await _api.GetAsync("config");
        answer.Json.GetProperty("settings").GetProperty("node_health.checks_timeout").GetString().Should().Be("5000");
        Text(answer.Json.GetProperty("staged"), "index").Should().Be(staged["index"]);
        JsonElement difference = answer.Json.GetProperty("staged").GetProperty("differences").EnumerateArray().Single();
        (Text(difference, "key"), Text(difference, "baseline"), Text(difference, "staged")).Should().Be(("node_health.checks_timeout", "5000", "7000"));
        _api.State.NodeHealth.ChecksTimeoutMs.Should().Be(5000);
    }

    [Fact]
    public async Task Delete_WhatIsStaged_IsWithdrawnOnce()
    {
        await _api.SendAsync("PUT", "config/staged", SampleOptions.Text(checksTimeout: "7s"));

        (await _api.SendAsync("DELETE", "config/staged")).Being(200);

        _api.State.Staged.Should().BeNull();
        (await _api.SendAsync("DELETE", "config/staged")).Being(404);
    }

    [Fact]
    public async Task Put_ABadFile_IsRefusedByKeyAndPlaceAndChangesNothing()
    {
        ApiAnswer answer = await _api.SendAsync("PUT", "config/staged", SampleOptions.Text().Replace("checks_timeout = \"5s\"", "checks_timeout = 5", StringComparison.Ordinal));

        answer.Being(422)["field"].Should().Be("node_health.checks_timeout");
        answer["detail"].Should().StartWith("body:7:");
        _api.State.Staged.Should().BeNull();
    }

    [Fact]
    public async Task Put_ChangedMeanwhile_IsRefused()
    {
        (await _api.SendAsync("PUT", "config/staged", SampleOptions.Text(checksTimeout: "7s"), ifMatch: "\"1\"")).Being(200);

        (await _api.SendAsync("PUT", "config/staged", SampleOptions.Text(checksTimeout: "9s"), ifMatch: "\"1\"")).Being(412);

        _api.State.Staged!.Settings.NodeHealth.ChecksTimeoutMs.Should().Be(7000);
    }

    [Fact]
    public async Task Put_AsADryRun_StagesNothing()
    {
        (await _api.SendAsync("PUT", "config/staged?dry_run=true", SampleOptions.Text(checksTimeout: "7s"))).Being(200)["outcome"].Should().Be("would_commit");

        _api.State.Staged.Should().BeNull();
    }

    [Fact]
    public async Task Put_TooLarge_IsRefused() =>
        (await _api.SendAsync("PUT", "config/staged", new string('#', 70_000))).Being(413);

    private static string? Text(JsonElement element, string name) =>
        element.GetProperty(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : element.GetProperty(name).GetRawText();
}
