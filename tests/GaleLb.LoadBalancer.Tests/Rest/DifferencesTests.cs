using System.Text.Json;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Tests.Support;
using GaleLb.Rpc.V1;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Tests.Rest;

/// <summary>Whose value it is that a refused replica's is compared with. This replica's own file says 5 s, and founded the cluster.</summary>
public sealed class DifferencesTests : IAsyncLifetime
{
    private const string Other = "10.98.2.2:9090";
    private ApiHarness _api = null!;

    public async Task InitializeAsync() => _api = await ApiHarness.StartAsync();

    public Task DisposeAsync() => _api.DisposeAsync().AsTask();

    [Fact]
    public async Task Refused_ItsFileIsNotTheClusters_IsComparedWithTheCluster()
    {
        _api.Network.Met(With("7s"), dialled: null).Should().BeFalse();

        await ShouldBeAsync("cluster", cluster: "5000", here: null, replica: "7000");
    }

    [Fact]
    public async Task Refused_BecauseOurFileIsNotTheClusters_IsComparedWithOurFile()
    {
        _api.Replica.Apply(new StageSettings(new FileSettings(SampleOptions.Of(checksTimeout: "7s")).Cluster)).IsOk.Should().BeTrue();
        _api.Replica.Apply(new SwitchSettings(_api.State.AppliedIndex)).IsOk.Should().BeTrue();

        _api.Network.Met(With("7s"), dialled: null).Should().BeFalse();

        await ShouldBeAsync("here", cluster: null, here: "5000", replica: "7000");
    }

    [Fact]
    public async Task Refused_ItsLogIsLaterThanOurs_IsComparedWithOurFile()
    {
        Introduction theirs = With("7s");
        (theirs.BaselineDigest, theirs.SettingsIndex) = ("another", _api.State.SettingsLastChange.Value + 10);

        _api.Network.Met(theirs, dialled: null).Should().BeFalse();

        await ShouldBeAsync("here", cluster: null, here: "5000", replica: "7000");
    }

    private async Task ShouldBeAsync(string comparedWith, string? cluster, string? here, string replica)
    {
        JsonElement refused = (await _api.GetAsync("cluster")).Being(200).Json.GetProperty("refused").EnumerateArray().Single();
        refused.GetProperty("address").GetString().Should().Be(Other);
        JsonElement difference = refused.GetProperty("differences").EnumerateArray().Single();
        difference.GetProperty("key").GetString().Should().Be("node_health.checks_timeout");
        (Text("compared_with"), Text("cluster"), Text("here"), Text("replica")).Should().Be((comparedWith, cluster, here, replica));

        string? Text(string field) => difference.GetProperty(field).GetString();
    }

    private static Introduction With(string checksTimeout)
    {
        FileSettings file = new(SampleOptions.Of(checksTimeout: checksTimeout, enforce: true));
        Introduction said = new() { MemberId = 0x22, Address = Other, ConfigDigest = file.Digest, EnforceSingleConfiguration = true };
        said.Settings.AddRange(file.List.Select(s => new Setting { Key = s.Key, Value = s.Value }));
        return said;
    }
}
