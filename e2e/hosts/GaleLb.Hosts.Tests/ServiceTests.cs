using GaleLb.Hosts.Tests.Harness;

namespace GaleLb.Hosts.Tests;

/// <summary>What users and operators see of a cluster on hosts while all is well, or one node is not.</summary>
[Collection(HostCollection.Name)]
public sealed class ServiceTests(HostCluster cluster)
{
    [NeedsLocalNamesFact]
    public Task Names_OfAllHosts_AreToldByMulticastDns() => cluster.ObserveAsync(nameof(Names_OfAllHosts_AreToldByMulticastDns), async () =>
    {
        foreach (var host in cluster.All.Where(h => h.Name.EndsWith(".local", StringComparison.Ordinal)))
        {
            (await MulticastDns.ResolveAsync(host.Name)).Should().Be(host.Address);
            (await host.RunAsync("hostname")).Trim().Should().Be(host.ShortName);
        }
    });

    [Fact]
    public Task Pages_ThroughEachReplica_ComeFromAllNodesInEqualParts() => cluster.ObserveAsync(nameof(Pages_ThroughEachReplica_ComeFromAllNodesInEqualParts), async () =>
    {
        const int Count = 300;
        foreach (var service in cluster.Services)
        {
            var pages = await Pages.ManyAsync(service, Count);

            pages.Should().OnlyContain(page => page.Failure == null);
            foreach (var node in cluster.Nodes)
            {
                // A third of 300 is 100; with random ports 40 is five standard deviations away.
                pages.Count(page => page.Node == node.ShortName).Should().BeInRange(60, 140, $"{node.ShortName} has a third of {service}'s ring");
            }
        }
    });

    [Fact]
    public Task Node_StoppedAndStarted_CostsNobodyAPage() => cluster.ObserveAsync(nameof(Node_StoppedAndStarted_CostsNobodyAPage), async () =>
    {
        var node = cluster.Nodes[0];
        var pages = await Pages.WhileAsync(cluster.Services, async () =>
        {
            await node.RunAsync("systemctl stop gale-node");
            await HostCluster.WaitForRoutableAsync(cluster.Nodes.Length - 1, TimeSpan.FromSeconds(5), cluster.Replicas);
            (await Pages.ManyAsync(cluster.Services[0], 30)).Should().OnlyContain(page => page.Node != node.ShortName);
            await node.RunAsync("systemctl start gale-node");
            await cluster.WaitForAllAsync();
        });

        pages.Should().HaveCountGreaterThan(100).And.OnlyContain(page => page.Failure == null, "a node that takes leave is no fail");
        (await cluster.Replicas[0].GetAsync($"/api/v1/nodes/{node.ShortName}")).GetProperty("fails").GetInt32().Should().Be(0);
    });

    [Fact]
    public Task Node_Crashed_IsLeftOutUntilItIsBack() => cluster.ObserveAsync(nameof(Node_Crashed_IsLeftOutUntilItIsBack), () =>
        IsLeftOutAsync(cluster.Nodes[1], cluster.CrashAsync, cluster.StartAsync));

    [Fact]
    public Task Node_CutOff_IsLeftOutUntilItIsHeardAgain() => cluster.ObserveAsync(nameof(Node_CutOff_IsLeftOutUntilItIsHeardAgain), async () =>
    {
        var node = cluster.Nodes[2];
        var before = await node.RunAsync("systemctl show -P MainPID gale-node");

        await IsLeftOutAsync(node, n => n.CutOffAsync(), n => n.ReconnectAsync());

        (await node.RunAsync("systemctl show -P MainPID gale-node")).Should().Be(before, "it comes back by itself");
    });

    [Fact]
    public Task Node_Banned_GetsNoPagesUntilItsTimeIsOver() => cluster.ObserveAsync(nameof(Node_Banned_GetsNoPagesUntilItsTimeIsOver), async () =>
    {
        var node = cluster.Nodes[2].ShortName;
        await cluster.Replicas[1].RunAsync($"galectl ban {node} --for 30s --reason e2e");

        await HostCluster.WaitForRoutableAsync(cluster.Nodes.Length - 1, TimeSpan.FromSeconds(3), cluster.Replicas);
        foreach (var service in cluster.Services)
        {
            (await Pages.ManyAsync(service, 40)).Should().OnlyContain(page => page.Failure == null && page.Node != node);
        }

        (await cluster.Replicas[2].RunAsync("galectl blacklist")).Should().Contain(node);
        await cluster.WaitForAllAsync();
        (await cluster.Replicas[2].RunAsync("galectl blacklist")).Should().NotContain(node);
    });

    /// <summary>No page is lost once a node that fell silent has been given up, and it serves again when it is back.</summary>
    private async Task IsLeftOutAsync(Host node, Func<Host, Task> silence, Func<Host, Task> bringBack)
    {
        await silence(node);
        try
        {
            await HostCluster.WaitForRoutableAsync(cluster.Nodes.Length - 1, TimeSpan.FromSeconds(15), cluster.Replicas);

            foreach (var service in cluster.Services)
            {
                (await Pages.ManyAsync(service, 60)).Should().OnlyContain(page => page.Failure == null && page.Node != node.ShortName);
            }
        }
        finally
        {
            await bringBack(node);
        }

        await cluster.WaitForAllAsync();
        (await Pages.ManyAsync(cluster.Services[0], 60)).Should().Contain(page => page.Node == node.ShortName);
    }
}
