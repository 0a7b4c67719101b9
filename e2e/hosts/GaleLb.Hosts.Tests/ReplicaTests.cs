using System.Net;
using GaleLb.Hosts.Tests.Harness;

namespace GaleLb.Hosts.Tests;

/// <summary>What becomes of pages when replicas crash, restart, hang or are not what they should be.</summary>
[Collection(HostCollection.Name)]
public sealed class ReplicaTests(HostCluster cluster)
{
    /// <summary>Of nobody's (RFC 5737): to block it is an order without a victim.</summary>
    private const string Stranger = "192.0.2.0/24";
    private const string OtherStranger = "198.51.100.0/24";

    [Fact]
    public Task Host_OfTheLeaderCrashed_TheOthersServeAndItComesBack() => cluster.ObserveAsync(nameof(Host_OfTheLeaderCrashed_TheOthersServeAndItComesBack), async () =>
    {
        var old = await HostCluster.LeaderAsync(cluster.Replicas);
        List<Host> survivors = [.. cluster.Replicas.Where(r => r != old)];
        List<IPEndPoint> services = [.. survivors.Select(r => cluster.Services[cluster.Replicas.IndexOf(r)])];
        var pages = await Pages.WhileAsync(services, async () =>
        {
            await cluster.CrashAsync(old);
            await Eventually.HoldsAsync("another replica leads", TimeSpan.FromSeconds(15), async () => await HostCluster.LeaderAsync(survivors) is not null);
            await HostCluster.WaitForRoutableAsync(cluster.Nodes.Length, TimeSpan.FromSeconds(15), survivors);
            await cluster.StartAsync(old);
            await cluster.WaitForAllAsync();
        });

        pages.Should().HaveCountGreaterThan(100).And.OnlyContain(page => page.Failure == null, "the other replicas serve on");
        (await Pages.ManyAsync(cluster.Services[cluster.Replicas.IndexOf(old)], 60)).Should().OnlyContain(page => page.Failure == null);
    });

    [Fact]
    public Task Host_OfTheLeaderCutOff_TheOthersDecideAndItFollowsOnceItIsBack() => cluster.ObserveAsync(nameof(Host_OfTheLeaderCutOff_TheOthersDecideAndItFollowsOnceItIsBack), async () =>
    {
        var old = await HostCluster.LeaderAsync(cluster.Replicas);
        List<Host> survivors = [.. cluster.Replicas.Where(r => r != old)];
        var pages = await Pages.WhileAsync(cluster.Services, async () =>
        {
            await old.CutOffAsync();
            try
            {
                await Eventually.HoldsAsync("another replica leads", TimeSpan.FromSeconds(15), async () => await HostCluster.LeaderAsync(survivors) is not null);
                await Eventually.HoldsAsync("the old leader knows that it leads nobody", TimeSpan.FromSeconds(15), async () => !await HostCluster.IsLeaderAsync(old));
                await HostCluster.WaitForRoutableAsync(cluster.Nodes.Length, TimeSpan.FromSeconds(15), survivors);
                await survivors[0].RunAsync($"galectl block {Stranger} --reason e2e");
                (await old.TryAsync($"galectl --timeout 5s block {OtherStranger}")).ExitCode.Should().NotBe(0, "one of three decides nothing");
            }
            finally
            {
                await old.ReconnectAsync();
            }

            await cluster.WaitForAllAsync();
        });

        pages.Should().HaveCountGreaterThan(100).And.OnlyContain(page => page.Failure == null, "the kernel of who is cut off forwards on");
        (await old.RunAsync("galectl blocks")).Should().Contain(Stranger);
        await old.RunAsync($"galectl unblock {Stranger}");
        // An order without an answer may have been carried out later.
        await old.TryAsync($"galectl unblock {OtherStranger}");
    });

    [Fact]
    public Task Hosts_OfAllReplicasCrashedAtOnce_KnowWhatWasOrderedAndServeAgain() => cluster.ObserveAsync(nameof(Hosts_OfAllReplicasCrashedAtOnce_KnowWhatWasOrderedAndServeAgain), async () =>
    {
        await cluster.Replicas[0].RunAsync($"galectl block {Stranger} --reason e2e");
        var former = await cluster.Replicas[0].GetAsync("/api/v1/status");

        await Task.WhenAll(cluster.Replicas.Select(cluster.CrashAsync));
        await Task.WhenAll(cluster.Replicas.Select(cluster.StartAsync));

        await cluster.WaitForAllAsync();
        foreach (var replica in cluster.Replicas)
        {
            var status = await replica.GetAsync("/api/v1/status");
            status.GetProperty("replica").GetProperty("cluster_id").GetString().Should().Be(former.GetProperty("replica").GetProperty("cluster_id").GetString());
            status.GetProperty("raft").GetProperty("term").GetInt64().Should().BeGreaterThan(former.GetProperty("raft").GetProperty("term").GetInt64());
            (await replica.RunAsync("galectl blocks")).Should().Contain(Stranger);
        }

        foreach (var service in cluster.Services)
        {
            (await Pages.ManyAsync(service, 60)).Should().OnlyContain(page => page.Failure == null);
        }

        await cluster.Replicas[0].RunAsync($"galectl unblock {Stranger}");
    });

    [Fact]
    public Task Services_RestartedOneAfterTheOther_CostNobodyAPage() => cluster.ObserveAsync(nameof(Services_RestartedOneAfterTheOther_CostNobodyAPage), async () =>
    {
        var pages = await Pages.WhileAsync(cluster.Services, async () =>
        {
            foreach (var replica in cluster.Replicas)
            {
                await replica.RunAsync("systemctl restart gale-lb");
                await cluster.WaitForAllAsync();
            }
        });

        pages.Should().HaveCountGreaterThan(300).And.OnlyContain(page => page.Failure == null, "on_exit is keep: the kernel forwards while gale-lb restarts");
    });

    [Fact]
    public Task Service_Hanging_IsRestartedByItsWatchdogWhileItsKernelForwards() => cluster.ObserveAsync(nameof(Service_Hanging_IsRestartedByItsWatchdogWhileItsKernelForwards), async () =>
    {
        var replica = cluster.Replicas[1];
        var before = await replica.RunAsync("systemctl show -P MainPID gale-lb");
        var pages = await Pages.WhileAsync([cluster.Services[1]], async () =>
        {
            await replica.RunAsync("systemctl kill -s STOP gale-lb");
            await Eventually.HoldsAsync("systemd has started another gale-lb", TimeSpan.FromSeconds(40), async () =>
                await replica.RunAsync("systemctl show -P MainPID gale-lb") is var now && now != before && now.Trim() != "0");
            await cluster.WaitForAllAsync();
        });

        pages.Should().HaveCountGreaterThan(500).And.OnlyContain(page => page.Failure == null);
    });

    [NeedsGroupFact("spare", "which is to be a fourth replica")]
    public Task FourthReplica_WithOtherSettings_IsRefusedAndSaysWhy() => cluster.ObserveAsync(nameof(FourthReplica_WithOtherSettings_IsRefusedAndSaysWhy), async () =>
    {
        var (spare, replica) = (cluster.Spares.First(), cluster.Replicas[0]);
        var (place, end) = (await cluster.PlaceAsync(spare), IPEndPoint.Parse(await cluster.PlaceAsync(spare)));
        var configuration = (await replica.RunAsync("cat /etc/gale-lb/lb.toml"))
            .Replace("addresses = [\n", $"addresses = [\n    {{ ip = \"{end.Address}\", port = {end.Port} }},\n", StringComparison.Ordinal)
            .Replace($"net_interface_private = \"{replica.PrivateInterface}\"", $"net_interface_private = \"{spare.PrivateInterface}\"", StringComparison.Ordinal)
            .Replace($"net_interface_public = \"{replica.PublicInterface}\"", $"net_interface_public = \"{spare.PublicInterface}\"", StringComparison.Ordinal)
            .Replace("checks_before_routing = 3", "checks_before_routing = 7", StringComparison.Ordinal);
        await spare.InstallAsync("gale-lb");
        await spare.RunAsync(
            $"set -e; echo {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(configuration))} | base64 -d >/etc/gale-lb/lb.toml; systemctl start gale-lb");
        try
        {
            var refusal = await replica.TryAsync($"galectl --timeout 20s cluster add {place}");

            refusal.ExitCode.Should().Be(1, refusal.ToString());
            refusal.Errors.Should().Contain($"the configuration of {place} is not the cluster's in node_health.checks_before_routing, and enforce_single_configuration is on");
            (await spare.RunAsync("journalctl -u gale-lb --no-pager")).Should().MatchRegex("node_health.checks_before_routing: here 7, at [0-9.]+:[0-9]+ 3");
            (await spare.IsReadyAsync()).Should().BeFalse();
            (await replica.GetAsync("/api/v1/cluster")).GetProperty("members").GetArrayLength().Should().Be(cluster.Replicas.Length);
        }
        finally
        {
            await spare.RunAsync("DEBIAN_FRONTEND=noninteractive apt-get -y purge gale-lb");
        }

        (await spare.RunAsync("bpftool net show; ls /sys/fs/bpf /var/lib")).Should().NotContain("gale", "purge removes programs, pins and data");
    });

    /// <summary>As docs/operations.md describes it.</summary>
    [Fact]
    public Task Replica_ThatLostItsDisk_IsReplacedByOrders() => cluster.ObserveAsync(nameof(Replica_ThatLostItsDisk_IsReplacedByOrders), async () =>
    {
        var (lost, replica) = (cluster.Replicas[2], cluster.Replicas[0]);
        await LoseDiskAsync(lost);
        var members = (await replica.GetAsync("/api/v1/cluster")).GetProperty("members").EnumerateArray();
        var place = await cluster.PlaceAsync(lost);
        var former = members.Single(m => m.GetProperty("address").GetString() == place).GetProperty("id").GetString();

        await lost.RunAsync("systemctl start gale-lb");
        await Eventually.HoldsAsync("its place is the former member's", TimeSpan.FromSeconds(30), async () =>
            await replica.RunAsync("galectl cluster") is var shown && shown.Contains($"refused: {place}", StringComparison.Ordinal)
            && shown.Contains($"belongs to member {former}", StringComparison.Ordinal));
        await replica.RunAsync($"galectl cluster replace {former}");

        await cluster.WaitForAllAsync();
        (await Pages.ManyAsync(cluster.Services[2], 60)).Should().OnlyContain(page => page.Failure == null);
    });

    /// <summary>As docs/operations.md describes it: the cluster is founded anew beside the last kernel that forwards.</summary>
    [Fact]
    public Task Majority_ThatLostItsDisks_FoundsAnewWhileTheSurvivorForwards() => cluster.ObserveAsync(nameof(Majority_ThatLostItsDisks_FoundsAnewWhileTheSurvivorForwards), async () =>
    {
        var (survivor, lost) = (cluster.Replicas[0], cluster.Replicas.Skip(1).ToList());
        var former = (await survivor.GetAsync("/api/v1/status")).GetProperty("replica").GetProperty("cluster_id").GetString();
        var pages = await Pages.WhileAsync([cluster.Services[0]], async () =>
        {
            await Task.WhenAll(lost.Select(LoseDiskAsync));
            await survivor.RunAsync("systemctl stop gale-lb");

            await Task.WhenAll(lost.Select(replica => replica.RunAsync("systemctl start gale-lb")));
            await Eventually.HoldsAsync("the others have founded a cluster that serves", TimeSpan.FromSeconds(60), async () =>
                (await Task.WhenAll(lost.Select(r => r.IsReadyAsync()))).All(r => r));
            await HostCluster.WaitForRoutableAsync(cluster.Nodes.Length, TimeSpan.FromSeconds(60), lost);
        });
        pages.Should().HaveCountGreaterThan(100).And.OnlyContain(page => page.Failure == null, "the survivor's kernel forwards by its last table");

        await LoseDiskAsync(survivor);
        await survivor.RunAsync("systemctl start gale-lb");

        await cluster.WaitForAllAsync();
        (await survivor.GetAsync("/api/v1/status")).GetProperty("replica").GetProperty("cluster_id").GetString().Should().NotBe(former);
    });

    private static Task LoseDiskAsync(Host replica) => replica.RunAsync(
        "set -e; systemctl stop gale-lb; gale-lb --config /etc/gale-lb/lb.toml --detach; rm -rf /var/lib/gale-lb/*");
}
