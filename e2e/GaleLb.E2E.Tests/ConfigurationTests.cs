using System.Text.Json;
using GaleLb.E2E.Tests.Harness;

namespace GaleLb.E2E.Tests;

/// <summary>
/// enforce_single_configuration, with every combination of three files: all equal, one differs, all differ; before the cluster is
/// founded, when a replica joins, and at a restart. And a change of settings that rolls through the replicas. Files differ in
/// checks_timeout; nothing forwards, so that replicas start at once.
/// </summary>
public sealed class ConfigurationTests : BareReplicaTests
{
    private static readonly TimeSpan LongEnoughToFound = TimeSpan.FromSeconds(4);

    private bool _enforce = true;

    [RootFact]
    public async Task Founding_AllFilesEqual_AllAreMembers()
    {
        await StartAsync("1s", "1s", "1s");

        await AgreeAsync(1, 2, 3);
    }

    [RootFact]
    public async Task Founding_OneFileDiffers_TheOthersFoundAndItFollowsOnceItsFileAgrees()
    {
        await StartAsync("1s", "1s", "2s");

        await AgreeAsync(1, 2);
        await RefusedAsync(by: 1, 3, "1000", "2000");
        (await IsLedAsync(3)).Should().BeFalse("whoever is refused has no part in the cluster");

        await RestartAsync(3, "1s");
        await AgreeAsync(1, 2, 3);
    }

    [RootFact]
    public async Task Founding_AllFilesDiffer_NobodyFoundsAndEveryReplicaTellsTheKinds()
    {
        await StartAsync("1s", "2s", "3s");

        await StandStillAsync(groups: 3);

        await RestartAsync(2, "1s");
        await AgreeAsync(1, 2);
    }

    [RootFact]
    public async Task Joining_AllFilesEqual_IsTakenIn()
    {
        await StartAsync("1s", "1s");
        await AgreeAsync(1, 2);

        await RestartAsync(3, "1s");

        await AgreeAsync(1, 2, 3);
    }

    [RootFact]
    public async Task Joining_ItsFileDiffers_IsRefusedUntilItAgrees()
    {
        await StartAsync("1s", "1s");
        await AgreeAsync(1, 2);

        await RestartAsync(3, "2s");
        await RefusedAsync(by: 1, 3, "1000", "2000");
        await RefusedAsync(by: 2, 3, "1000", "2000");
        (await IsLedAsync(3)).Should().BeFalse();

        await RestartAsync(3, "1s");
        await AgreeAsync(1, 2, 3);
    }

    [RootFact]
    public async Task Joining_AllFilesDiffer_NeitherIsTakenAndOneAloneLeadsNobody()
    {
        await StartAsync("1s", "1s");
        await AgreeAsync(1, 2);

        await RestartAsync(2, "2s");
        await RestartAsync(3, "3s");
        await RefusedAsync(by: 1, 2, "1000", "2000");
        await RefusedAsync(by: 1, 3, "1000", "3000");
        await StandStillAsync(groups: 3);

        await RestartAsync(2, "1s");
        await AgreeAsync(1, 2);
        await RestartAsync(3, "1s");
        await AgreeAsync(1, 2, 3);
    }

    [RootFact]
    public async Task Restart_AllFilesEqual_GoesOn()
    {
        await StartAsync("1s", "1s", "1s");
        await AgreeAsync(1, 2, 3);

        await RestartAllAsync("1s", "1s", "1s");

        await AgreeAsync(1, 2, 3);
    }

    [RootFact]
    public async Task Restart_OneFileDiffers_ItIsRefusedSaysSoItselfAndReturnsOnceItAgrees()
    {
        await StartAsync("1s", "1s", "1s");
        await AgreeAsync(1, 2, 3);

        await RestartAsync(3, "2s");
        await RefusedAsync(by: 1, 3, "1000", "2000");
        await Eventually.HoldsAsync("the replica itself says that its file is not the cluster's", async () =>
            (await Replicas.Api(3).GetAsync("/api/v1/status")).GetProperty("warnings").EnumerateArray()
                .Any(warning => warning.GetString()!.Contains("node_health.checks_timeout: 1000 there, 2000 here", StringComparison.Ordinal)));
        await AgreeAsync(1, 2);

        await RestartAsync(3, "1s");
        await AgreeAsync(1, 2, 3);
    }

    [RootFact]
    public async Task Restart_AllFilesDiffer_NobodyLeadsUntilAMajorityIsOfTheLogsMind()
    {
        await StartAsync("1s", "1s", "1s");
        await AgreeAsync(1, 2, 3);

        await RestartAllAsync("2s", "3s", "4s");
        await StandStillAsync(groups: 3);

        await RestartAsync(1, "1s");
        await RestartAsync(2, "1s");
        await AgreeAsync(1, 2);
    }

    [RootFact]
    public async Task Restart_AllWithOneFileThatIsNotTheLogs_IsNoWayToChangeSettings()
    {
        await StartAsync("1s", "1s", "1s");
        await AgreeAsync(1, 2, 3);

        await RestartAllAsync("2s", "2s", "2s");

        await StandStillAsync(groups: 1);
    }

    [RootFact]
    public async Task Staged_FileRollsThroughTheReplicas_AndIsInForceWhenTheLastOneHasIt()
    {
        await StartAsync("1s", "1s", "1s");
        await AgreeAsync(1, 2, 3);
        var next = await Replicas.WriteConfigAsync(0, Settings("2s"));

        var staged = await Command.InAsync(Topology.Replica(1), Repository.Binary("galectl"), "config", "stage", next);
        staged.ExitCode.Should().Be(0, staged.ToString());
        for (var replica = 1; replica <= Topology.Replicas; replica++)
        {
            (await ChecksTimeoutAsync(1)).Should().Be("1000", "not every replica has the new file yet");
            await RestartAsync(replica, "2s");
            await AgreeAsync(1, 2, 3);
        }

        await Eventually.HoldsAsync("the new settings are in force everywhere", async () =>
            (await Task.WhenAll(Cluster.AllReplicas.Select(ChecksTimeoutAsync))).All(value => value == "2000"));
        await RestartAsync(3, "1s");
        await RefusedAsync(by: 1, 3, "2000", "1000");
    }

    [RootFact]
    public async Task Unenforced_FilesDiffer_TheLogsSettingsRuleAndEveryReplicaShowsTheDifferences()
    {
        _enforce = false;
        await StartAsync("1s", "1s");
        await AgreeAsync(1, 2);

        await RestartAsync(3, "2s");
        await AgreeAsync(1, 2, 3);
        foreach (var replica in Cluster.AllReplicas)
        {
            (await ChecksTimeoutAsync(replica)).Should().Be("1000", "the log's settings rule");
            await Eventually.HoldsAsync($"lb-{replica} shows what is different about lb-3 alone", async () =>
                (await DifferencesAsync(replica)) is [("3", "node_health.checks_timeout", "1000", "2000")]);
        }

        await RestartAllAsync("3s", "3s", "3s");
        await AgreeAsync(1, 2, 3);
        (await ChecksTimeoutAsync(1)).Should().Be("1000", "other files change nothing");

        var staged = await Command.InAsync(Topology.Replica(2), Repository.Binary("galectl"), "config", "stage", await Replicas.WriteConfigAsync(0, Settings("3s")));
        staged.ExitCode.Should().Be(0, staged.ToString());
        await Eventually.HoldsAsync("what all files say is the cluster's once it was staged", async () =>
            (await Task.WhenAll(Cluster.AllReplicas.Select(ChecksTimeoutAsync))).All(value => value == "3000")
            && (await Task.WhenAll(Cluster.AllReplicas.Select(DifferencesAsync))).All(shown => shown.Length == 0));
    }

    private async Task StartAsync(params string[] checksTimeouts)
    {
        for (var replica = 1; replica <= checksTimeouts.Length; replica++)
        {
            await RestartAsync(replica, checksTimeouts[replica - 1]);
        }
    }

    private async Task RestartAllAsync(params string[] checksTimeouts)
    {
        Replicas.KillAll();
        await StartAsync(checksTimeouts);
    }

    /// <summary>Starts a replica, or ends it and starts it again, with a file of this checks_timeout.</summary>
    private Task RestartAsync(int replica, string checksTimeout) => Replicas.RestartAsync(replica, Settings(checksTimeout));

    private string[] Settings(string checksTimeout) =>
        [$"GALE_CHECKS_TIMEOUT={checksTimeout}", $"GALE_ENFORCE_SINGLE_CONFIGURATION={(_enforce ? "true" : "false")}"];

    private Task<TimeSpan> AgreeAsync(params int[] replicas) => Replicas.AgreeAsync(replicas);

    /// <summary>Waits until a replica lists another as refused, with the key and both values.</summary>
    private Task<TimeSpan> RefusedAsync(int by, int replica, string cluster, string its) => Eventually.HoldsAsync($"lb-{by} refuses lb-{replica}", async () =>
        (await Replicas.Api(by).RefusedAsync()).TryGetValue(BareReplicas.Address(replica), out var refusal)
        && refusal.GetProperty("reason").GetString()!.Contains("enforce_single_configuration", StringComparison.Ordinal)
        && refusal.GetProperty("differences").EnumerateArray().Any(difference =>
            difference.GetProperty("key").GetString() == "node_health.checks_timeout"
            && difference.GetProperty("cluster").GetString() == cluster && difference.GetProperty("replica").GetString() == its));

    /// <summary>Waits until all replicas know each other's files, and then for longer than a founding or an election takes: nobody may lead.</summary>
    private async Task StandStillAsync(int groups)
    {
        await Eventually.HoldsAsync($"every replica tells {groups} kinds of files", async () =>
            (await Task.WhenAll(Cluster.AllReplicas.Select(GroupsAsync))).All(told => told.Replicas == Topology.Replicas && told.Groups == groups));
        await Task.Delay(LongEnoughToFound);
        (await Task.WhenAll(Cluster.AllReplicas.Select(IsLedAsync))).Should().NotContain(true);
    }

    private async Task<(int Groups, int Replicas)> GroupsAsync(int replica)
    {
        var groups = (await Replicas.Api(replica).GetAsync("/api/v1/config?consistency=local")).GetProperty("replicas").EnumerateArray().ToList();
        return (groups.Count, groups.Sum(group => group.GetProperty("replicas").GetArrayLength()));
    }

    /// <summary>What a replica shows of the members' files: whose, key, the cluster's value, the file's.</summary>
    private async Task<(string Replica, string Key, string Cluster, string Its)[]> DifferencesAsync(int replica) =>
        [.. (await Replicas.Api(replica).GetAsync("/api/v1/cluster")).GetProperty("members").EnumerateArray().SelectMany(member =>
            member.GetProperty("differences").EnumerateArray().Select(difference => (
                $"{Cluster.AllReplicas.Single(other => BareReplicas.Address(other) == member.GetProperty("address").GetString())}",
                difference.GetProperty("key").GetString()!, difference.GetProperty("cluster").GetString()!, difference.GetProperty("replica").GetString()!)))];

    private async Task<bool> IsLedAsync(int replica) => (await Replicas.Api(replica).GetAsync("/api/v1/status")).GetProperty("raft").GetProperty("leader_contact").GetBoolean();

    private async Task<string> ChecksTimeoutAsync(int replica) =>
        (await Replicas.Api(replica).GetAsync("/api/v1/config")).GetProperty("settings").GetProperty("node_health.checks_timeout").GetString()!;
}
