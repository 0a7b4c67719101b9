using System.Text.Json;
using GaleLb.Hosts.Tests.Harness;

namespace GaleLb.Hosts.Tests;

/// <summary>What the playbooks do to hosts that are as wanted, to be changed, or not fit.</summary>
[Collection(HostCollection.Name)]
public sealed class PlaybookTests(HostCluster cluster)
{
    private const string Replicas = "ansible/playbooks/lb.yml";
    private const string Nodes = "ansible/playbooks/node.yml";

    /// <summary>A setting of each replica's own, and one that all share, so that no replica may go by it before all can.</summary>
    private const string Other = """
        {
          "gale_data_plane": {"on_exit": "keep", "protected_ports": [22, 2222]},
          "gale_node_health": {"checks_before_routing": 3, "checks_timeout": "2500ms", "black_list_after_fails": 5, "black_list_expiry": "5m"}
        }
        """;

    [Theory]
    [InlineData(Replicas)]
    [InlineData(Nodes)]
    public Task Playbook_RunAgain_ChangesNothing(string playbook) => cluster.ObserveAsync(nameof(Playbook_RunAgain_ChangesNothing), async () =>
    {
        var play = await cluster.PlayAsync(playbook);

        play.ExitCode.Should().Be(0, play.Output);
        play.Changed.Should().Be(0, play.Output);
    });

    [Fact]
    public Task Playbook_WithAnotherSetting_RestartsReplicasOneByOneAndCostsNobodyAPage() =>
        cluster.ObserveAsync(nameof(Playbook_WithAnotherSetting_RestartsReplicasOneByOneAndCostsNobodyAPage), async () =>
        {
            var before = await StartsAsync(cluster.Nodes, "gale-node");
            HostCluster.PlayResult play = null!;
            var pages = await Pages.WhileAsync(cluster.Services, async () =>
                play = await cluster.PlayAsync(Replicas, "-e", Other));

            play.ExitCode.Should().Be(0, play.Output);
            play.Changed.Should().Be((2 * cluster.Replicas.Length) + 1, "each replica's file and service, and once the announcement, nothing else: " + play.Output);
            pages.Should().HaveCountGreaterThan(300).And.OnlyContain(page => page.Failure == null);
            (await StartsAsync(cluster.Nodes, "gale-node")).Should().Equal(before, "nodes are not concerned");
            await Eventually.HoldsAsync("the cluster goes by the new setting", TimeSpan.FromSeconds(10), async () => await ChecksTimeoutAsync() == "2500");

            (await cluster.PlayAsync(Replicas)).ExitCode.Should().Be(0, "the settings that other tests expect are put back");
            await Eventually.HoldsAsync("the cluster goes by the former setting", TimeSpan.FromSeconds(10), async () => await ChecksTimeoutAsync() == "2000");
        });

    [Fact]
    public Task Playbook_InCheckMode_SaysWhatWouldChangeAndChangesNothing() => cluster.ObserveAsync(nameof(Playbook_InCheckMode_SaysWhatWouldChangeAndChangesNothing), async () =>
    {
        var (starts, files) = (await StartsAsync(cluster.Replicas, "gale-lb"), await FilesAsync());

        var play = await cluster.PlayAsync(Replicas, "--check", "-e", Other);

        play.ExitCode.Should().Be(0, play.Output);
        play.Changed.Should().BeGreaterThanOrEqualTo(cluster.Replicas.Length, "each replica's file is another: " + play.Output);
        (await StartsAsync(cluster.Replicas, "gale-lb")).Should().Equal(starts);
        (await FilesAsync()).Should().Equal(files);
        (await cluster.Replicas[0].GetAsync("/api/v1/config")).GetProperty("staged").ValueKind.Should().Be(JsonValueKind.Null);

        Task<string[]> FilesAsync() => Task.WhenAll(cluster.Replicas.Select(replica => replica.RunAsync("sha256sum /etc/gale-lb/* /var/cache/gale/*")));
    });

    [Fact]
    public Task Playbook_WithAReplicaDown_LeavesTheOthersAlone() => cluster.ObserveAsync(nameof(Playbook_WithAReplicaDown_LeavesTheOthersAlone), async () =>
    {
        await cluster.Replicas[2].RunAsync("systemctl stop gale-lb");
        try
        {
            var before = await StartsAsync(cluster.Replicas, "gale-lb");

            var play = await cluster.PlayAsync(Replicas, "-e", """{"gale_data_plane": {"on_exit": "keep", "protected_ports": [22, 2223]}}""");

            play.ExitCode.Should().NotBe(0);
            play.Output.Should().Contain($"{cluster.Replicas[2].Name} is not ready: {cluster.Replicas[0].Name} was left as it is");
            (await StartsAsync(cluster.Replicas, "gale-lb")).Should().Equal(before);
        }
        finally
        {
            await cluster.Replicas[2].RunAsync("systemctl start gale-lb");
        }
    });

    [Fact]
    public Task Playbook_LimitedToAReplicaWhileAnotherIsDown_IsDoneWithIt() => cluster.ObserveAsync(nameof(Playbook_LimitedToAReplicaWhileAnotherIsDown_IsDoneWithIt), async () =>
    {
        await cluster.Replicas[2].RunAsync("systemctl stop gale-lb");
        try
        {
            var play = await cluster.PlayAsync(Replicas, "--limit", cluster.Replicas[0].Name);

            play.ExitCode.Should().Be(0, play.Output);
            play.Changed.Should().Be(0, play.Output);
        }
        finally
        {
            await cluster.Replicas[2].RunAsync("systemctl start gale-lb");
        }
    });

    [Fact]
    public async Task Playbook_WithAWrongInterface_SaysWhichThereAre()
    {
        // As ansible sorts and joins them, and as the first replica's host, which is the first to be judged, has them.
        var interfaces = (await cluster.Replicas[0].RunAsync("ls /sys/class/net")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var named = string.Join(", ", interfaces.Where(name => name != "bonding_masters").Order(StringComparer.OrdinalIgnoreCase));
        await RefusedAsync(
            nameof(Playbook_WithAWrongInterface_SaysWhichThereAre), $"{cluster.Replicas[0].Name} has no interface gale-none; it has {named}.", "-e", "gale_public_interface=gale-none");
    }

    [Fact]
    public Task Playbook_OnAHostWithAClockAnHourAhead_SaysSo() => WithCommandAsync(
        "date", "expr $(/bin/date +%s) + 3600", () => RefusedAsync(
            nameof(Playbook_OnAHostWithAClockAnHourAhead_SaysSo), "s ahead of this machine's; at most 60 s are accepted."));

    [Fact]
    public Task Playbook_OnAHostWithAnOldKernel_SaysSo() => WithCommandAsync(
        "uname", "echo 4.19.0-27-amd64", () => RefusedAsync(
            nameof(Playbook_OnAHostWithAnOldKernel_SaysSo), "runs kernel 4.19.0-27-amd64; 5.10 or newer is needed."));

    /// <summary>An empty file system over it hides what the kernel shows there.</summary>
    [Fact]
    public Task Playbook_OnAHostWhoseKernelHasNoTypeInformation_SaysSo() => WithAsync(
        [cluster.Replicas[^1]], "mount -t tmpfs tmpfs /sys/kernel/btf", "umount /sys/kernel/btf", () => RefusedAsync(
            nameof(Playbook_OnAHostWhoseKernelHasNoTypeInformation_SaysSo), $"The kernel of {cluster.Replicas[^1].Name} has no BTF (/sys/kernel/btf/vmlinux is missing)"));

    [Fact]
    public Task Playbook_OfNativeProgramsOnAnInterfaceThatTakesNone_SaysSo() => WithAsync(
        cluster.Replicas, "ip link add gale-bridge type bridge && ip addr add 203.0.113.1/24 dev gale-bridge", "ip link del gale-bridge", () => RefusedAsync(
            nameof(Playbook_OfNativeProgramsOnAnInterfaceThatTakesNone_SaysSo), "takes no native XDP program: its driver is bridge.",
            "-e", """{"gale_public_interface": "gale-bridge", "gale_data_plane": {"on_exit": "keep", "xdp_mode": "native"}}"""));

    /// <summary>The playbook refuses in a sentence, and no host has been touched.</summary>
    private Task RefusedAsync(string test, string sentence, params string[] arguments) => cluster.ObserveAsync(test, async () =>
    {
        var before = await StartsAsync(cluster.Replicas, "gale-lb");

        var play = await cluster.PlayAsync(Replicas, arguments);

        play.ExitCode.Should().NotBe(0);
        play.Output.Should().Contain(sentence);
        play.Changed.Should().Be(0);
        (await StartsAsync(cluster.Replicas, "gale-lb")).Should().Equal(before);
    });

    /// <summary>Lets a command of the last replica's host lie for as long as the test runs.</summary>
    private Task WithCommandAsync(string command, string script, Func<Task> test) => WithAsync(
        [cluster.Replicas[^1]],
        $"printf '#!/bin/sh\\n%s\\n' '{script}' >/usr/local/bin/{command}; chmod 755 /usr/local/bin/{command}", $"rm /usr/local/bin/{command}", test);

    /// <summary>Has hosts in another state for as long as the test runs.</summary>
    private static async Task WithAsync(IReadOnlyList<Host> hosts, string begin, string end, Func<Task> test)
    {
        await Task.WhenAll(hosts.Select(host => host.RunAsync(begin)));
        try
        {
            await test();
        }
        finally
        {
            await Task.WhenAll(hosts.Select(host => host.RunAsync(end)));
        }
    }

    private async Task<string?> ChecksTimeoutAsync() =>
        (await cluster.Replicas[0].GetAsync("/api/v1/config")).GetProperty("settings").GetProperty("node_health.checks_timeout").GetString();

    /// <summary>When each host's service was started last.</summary>
    private static Task<string[]> StartsAsync(IEnumerable<Host> hosts, string service) =>
        Task.WhenAll(hosts.Select(host => host.RunAsync($"systemctl show -P ExecMainStartTimestampMonotonic {service}")));
}
