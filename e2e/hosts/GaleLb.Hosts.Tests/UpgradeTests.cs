using GaleLb.Hosts.Tests.Harness;

namespace GaleLb.Hosts.Tests;

/// <summary>Another version on all hosts, one after the other. GALE_E2E_NEXT is the directory of its packages as the playbooks see it.</summary>
[Collection(HostCollection.Name)]
public sealed class UpgradeTests(HostCluster cluster)
{
    [Theory]
    [InlineData("ansible/playbooks/lb.yml", "gale-lb")]
    [InlineData("ansible/playbooks/node.yml", "gale-node")]
    public Task Playbook_WithTheNextPackages_UpgradesAllHostsAndCostsNobodyAPage(string playbook, string package) =>
        cluster.ObserveAsync($"{nameof(Playbook_WithTheNextPackages_UpgradesAllHostsAndCostsNobodyAPage)}-{package}", async () =>
        {
            var next = Environment.GetEnvironmentVariable("GALE_E2E_NEXT")
                ?? throw new InvalidOperationException("GALE_E2E_NEXT names no directory of packages; ./build.sh e2e --hosts sets it");
            List<Host> hosts = [.. package == "gale-lb" ? cluster.Replicas : cluster.Nodes];
            try
            {
                await UpgradeAsync();
            }
            finally
            {
                // Other tests' playbooks know the former version, and a playbook takes no host back to an older one.
                foreach (var host in hosts)
                {
                    await host.InstallAsync(package == "gale-lb" ? ["galectl", "gale-lb"] : [package]);
                    await cluster.WaitForAllAsync();
                }
            }

            return;

            async Task UpgradeAsync()
            {
                HostCluster.PlayResult play = null!;
                var pages = await Pages.WhileAsync(cluster.Services, async () => play = await cluster.PlayAsync(playbook, "-e", $"gale_packages={next}"));

                play.ExitCode.Should().Be(0, play.Output);
                foreach (var host in hosts)
                {
                    (await host.RunAsync($"dpkg-query -W -f '${{Version}}' {package}")).Should().EndWith("+next");
                }

                pages.Should().HaveCountGreaterThan(300).And.OnlyContain(page => page.Failure == null, "the kernel forwards by the old version until the new one has taken over");
            }
        });
}
