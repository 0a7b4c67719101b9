using System.Net;
using GaleLb.Configuration.Options;

namespace GaleLb.Configuration.Tests;

/// <summary>The three files that the project began with pass as they are.</summary>
public sealed class SampleFileTests
{
    private static readonly string Samples = Path.Combine(TestFiles.ProjectDirectory, "Samples");

    [Fact]
    public void LoadLoadBalancer_FirstGenerationSample_GivesItsValuesAndDefaults()
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationFile.LoadLoadBalancer(Path.Combine(Samples, "lb-000.toml"));

        result.Errors.Should().BeEmpty();
        LoadBalancerOptions options = result.Options!;
        options.PrivateInterface.Should().Be(new PrivateInterfaceOptions(7070, 5555, 9090, "wlo1"));
        options.PublicInterface.Should().Be(new PublicInterfaceOptions("wlo1"));
        options.OneInterface.Should().BeTrue();
        ShouldHoldWhatBothSamplesSay(options);
    }

    [Fact]
    public void LoadLoadBalancer_SecondGenerationSample_GivesItsValuesAndDefaults()
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationFile.LoadLoadBalancer(Path.Combine(Samples, "lb-001.toml"));

        result.Errors.Should().BeEmpty();
        LoadBalancerOptions options = result.Options!;
        options.PrivateInterface.Should().Be(new PrivateInterfaceOptions(7070, 5555, 9090, "eth0"));
        options.PublicInterface.Should().Be(new PublicInterfaceOptions("eth1"));
        options.OneInterface.Should().BeFalse();
        ShouldHoldWhatBothSamplesSay(options);
    }

    [Fact]
    public void LoadLoadBalancer_SampleWithOtherPortInItsList_WarnsOfBothPorts()
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationFile.LoadLoadBalancer(Path.Combine(Samples, "lb-001.toml"));

        result.Warnings.Should().ContainSingle().Which.ToString().Should()
            .EndWith("load_balancer_quorum.addresses[0].port: 8081 is not load_balancer_port (9090); the replica with this address listens on both");
    }

    [Fact]
    public void LoadNode_Sample_GivesItsReplicasAndDefaults()
    {
        ConfigurationResult<NodeOptions> result = ConfigurationFile.LoadNode(Path.Combine(Samples, "node.toml"));

        result.Errors.Should().BeEmpty();
        result.Warnings.Should().BeEmpty();
        NodeOptions options = result.Options!;
        options.LoadBalancers.Should().Equal(
            new LoadBalancerAddress("192.168.1.2", 8082), new LoadBalancerAddress("192.168.1.3", 8082), new LoadBalancerAddress("192.168.1.4", 8082));
        options.Node.Should().BeEquivalentTo(new NodeIdentityOptions(null, null, 0, 100, []));
        options.HealthCheck.Should().BeEquivalentTo(new HealthCheckOptions(null, null, [], TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)));
        options.Forwarding.Should().BeEquivalentTo(new NodeForwardingOptions(NodeForwardingMode.None, [], "lo"));
        options.Security.Should().Be(new NodeSecurityOptions(null, null, null, null));
    }

    private static void ShouldHoldWhatBothSamplesSay(LoadBalancerOptions options)
    {
        options.NodeHealth.Should().Be(new NodeHealthOptions(
            3, TimeSpan.FromSeconds(5), 5, TimeSpan.FromMinutes(5), 0, 500, TimeSpan.FromSeconds(30), TimeSpan.FromHours(24)));
        options.Quorum.Addresses.Should().Equal(
            Enumerable.Range(2, 3).Select(i => new ReplicaAddress(IPAddress.Parse($"192.168.1.{i}"), 8081)));
        options.Quorum.EnforceSingleConfiguration.Should().BeFalse();
        options.Quorum.DataDirectory.Should().Be("/var/lib/gale-lb");
        options.Quorum.ElectionTimeout.Should().Be(TimeSpan.FromMilliseconds(300));
        options.Quorum.HeartbeatInterval.Should().Be(TimeSpan.FromMilliseconds(50));
        options.DataPlane.Should().BeEquivalentTo(new DataPlaneOptions(
            XdpMode.Auto, 262_144, 65_536,
            new FlowTimeoutOptions(
                TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(124), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(1),
                TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(30)),
            true, [], OnNodeFailure.Reset, OnNoNodes.Reset, OnExit.Detach, null, [22], "/sys/fs/bpf/gale-lb"));
        options.Security.Should().BeEquivalentTo(new LoadBalancerSecurityOptions(null, null, null, null, null, []));
        options.Services.Should().ContainSingle().Which.Should().BeEquivalentTo(new ServiceOptions(
            "default", [], 8080, ServiceProtocol.Tcp, ServiceForwarding.L4, ServiceScheduler.Maglev, ServiceHash.FiveTuple, 8080));
    }
}
