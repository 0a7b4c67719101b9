using System.Net;
using System.Text;
using GaleLb.Configuration.Options;

namespace GaleLb.Configuration.Tests;

/// <summary>Rules between keys, sections and generations of gale-lb's file, and files that are none.</summary>
public sealed class ConfigurationRuleTests
{
    private const string Interfaces = "[private_interface]\nnet_interface_private = 'eth0'\n[public_interface]\nnet_interface_public = 'eth1'\n";
    private const string Local = "[local]\nnet_interface_nodes = 'eth0'\nnet_interface_clients = 'eth1'\n";
    private const string Quorum = "[load_balancer_quorum]\naddresses = [{ ip = '10.0.0.1', port = 9090 }]\n";

    [Theory]
    [InlineData("[private_interfaces]\n", "lb.toml:7:2: private_interfaces: unknown section; did you mean private_interface?")]
    [InlineData("[node-health]\n", "lb.toml:7:2: node-health: unknown section; did you mean node_health?")]
    [InlineData("[zzz]\n", "lb.toml:7:2: zzz: unknown section; expected one of private_interface, public_interface, local, node_health, load_balancer_quorum, data_plane, security, services")]
    [InlineData("[node_health]\nchecks_timout = '5s'\n", "lb.toml:8:1: node_health.checks_timout: unknown key; did you mean checks_timeout?")]
    [InlineData("[node_health]\nblacklist_after_fails = 1\n", "lb.toml:8:1: node_health.blacklist_after_fails: unknown key; did you mean black_list_after_fails?")]
    [InlineData("[node_health]\nchecks-timeout = '5s'\n", "lb.toml:8:1: node_health.checks-timeout: unknown key; did you mean checks_timeout?")]
    [InlineData("[node_health]\nclients_port = 1\n", "lb.toml:8:1: node_health.clients_port: unknown key; it belongs in [public_interface]")]
    [InlineData("[node_health]\n'a b' = 1\n", "lb.toml:8:1: node_health.\"a b\": unknown key; expected one of checks_before_routing, checks_timeout")]
    [InlineData("[data_plane]\ntimeouts.tcp = '5s'\n", "lb.toml:8:10: data_plane.timeouts.tcp: unknown key; expected one of tcp_half_open")]
    [InlineData("[data_plane]\ntimeouts = '5s'\n", "lb.toml:8:1: data_plane.timeouts: is a string; expected the section [data_plane.timeouts]")]
    [InlineData("[[node_health]]\n", "lb.toml:7:3: node_health: is given as [[node_health]]; expected [node_health] once")]
    [InlineData("[services]\nname = 'web'\n", "lb.toml:7:2: services: is a table; expected [[services]]")]
    [InlineData("[[services]]\nname = 'web'\n", "lb.toml:7:1: services[0].port: is missing; expected a port from 1 to 65535")]
    [InlineData("[[services]]\nport = 80\n", "lb.toml:7:1: services[0].name: is missing; expected a name of 1 to 63")]
    [InlineData("[[services]]\nname = 'a b'\nport = 80\n", "lb.toml:8:8: services[0].name: \"a b\" is not one; expected a name")]
    [InlineData("[[services]]\nname = 'web'\nport = 0\n", "lb.toml:9:8: services[0].port: 0 is out of range")]
    [InlineData("[[services]]\nname = 'web'\nport = 80\nprotocol = 'http'\n", "lb.toml:10:12: services[0].protocol: \"http\" is not known; expected \"tcp\" or \"udp\"")]
    [InlineData("[[services]]\nname = 'web'\nport = 80\nscheduler = 'rr'\n", "services[0].scheduler: \"rr\" is not known; expected \"maglev\"")]
    [InlineData("[[services]]\nname = 'web'\nport = 80\nhash = 'ip'\n", "services[0].hash: \"ip\" is not known; expected \"five_tuple\" or \"source\"")]
    [InlineData("[[services]]\nname = 'web'\nport = 80\ntarget_port = '80'\n", "services[0].target_port: \"80\" is a string; expected a port")]
    [InlineData("[[services]]\nname = 'web'\nport = 80\nforwarding = 'l2'\n", "lb.toml:10:14: services[0].forwarding: \"l2\" needs addresses")]
    [InlineData("[[services]]\nname = 'web'\nport = 80\nforwarding = 'l3'\naddresses = ['10.0.0.9', '10.0.0.1']\n", "lb.toml:11:26: services[0].addresses[1]: 10.0.0.1 is a replica's own address (load_balancer_quorum.addresses)")]
    [InlineData("[[services]]\nname = 'web'\nport = 80\n[[services]]\nname = 'web'\nport = 81\n", "lb.toml:11:8: services[1].name: \"web\" is already the name of the service on line 8")]
    [InlineData("[[services]]\nname = 'a'\nport = 80\n[[services]]\nname = 'b'\nport = 80\n", "lb.toml:12:8: services[1].port: 80 on the replica's own address is already balanced by the service \"a\"")]
    [InlineData("[[services]]\nname = 'a'\nport = 80\naddresses = ['10.0.0.9']\n[[services]]\nname = 'b'\nport = 80\naddresses = ['10.0.0.8', '10.0.0.9']\n", "services[1].port: 80 on 10.0.0.9 is already balanced by the service \"a\"")]
    [InlineData("[[services]]\nname = 'web'\nport = 7070\n", "lb.toml:9:8: services[0].port: 7070 cannot be a service's port, because gale-lb itself listens there (private_interface.node_port)")]
    [InlineData("[[services]]\nname = 'web'\nport = 5555\n", "gale-lb itself listens there (private_interface.api_port)")]
    [InlineData("[[services]]\nname = 'web'\nport = 9090\n", "gale-lb itself listens there (private_interface.load_balancer_port)")]
    [InlineData("[[services]]\nname = 'web'\nport = 22\n", "it is protected (data_plane.protected_ports)")]
    [InlineData("services = [1]\n", "lb.toml:7:1: load_balancer_quorum.services: unknown key")]
    public void ReadLoadBalancer_BrokenRule_IsToldAtItsPlace(string addition, string expected)
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationErrorTests.ReadLoadBalancer(Interfaces + Quorum + addition);

        result.Options.Should().BeNull();
        result.Errors.Should().ContainSingle().Which.ToString().Should().Contain(expected);
    }

    [Theory]
    [InlineData("clients_port = 22\n", "lb.toml:2:16: local.clients_port: 22 cannot be a service's port")]
    [InlineData("node_port = 5555\n", "lb.toml:1:1: local.api_port: 5555 is local.node_port as well; expected three different ports")]
    [InlineData("node_port = 'x'\n", "lb.toml:2:13: local.node_port: \"x\" is a string; expected a port from 1 to 65535")]
    [InlineData("api_port = 5555\n", "lb.toml:2:1: local.api_port: unknown key; it belongs in [private_interface]")]
    public void ReadLoadBalancer_FirstGenerationWithAnError_IsToldAtItsPlace(string addition, string expected)
    {
        string document = Local.Replace("[local]\n", "[local]\n" + addition, StringComparison.Ordinal) + Quorum;

        ConfigurationErrorTests.ReadLoadBalancer(document).Errors.Should().ContainSingle().Which.ToString().Should().StartWith(expected);
    }

    [Fact]
    public void ReadLoadBalancer_BothGenerations_AreRefusedInWords()
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationErrorTests.ReadLoadBalancer(Local + Interfaces + Quorum);

        result.Errors.Should().ContainSingle().Which.ToString().Should().Be(
            "lb.toml:1:1: local: stands beside [private_interface] (line 4); expected either [local], or [private_interface] and "
            + "[public_interface]: they are two generations of the same settings");
    }

    [Fact]
    public void ReadLoadBalancer_EmptyFile_NamesAllThatIsRequired()
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationErrorTests.ReadLoadBalancer("");

        result.Errors.Select(e => e.Key).Should().Equal(
            "private_interface.net_interface_private", "public_interface.net_interface_public", "load_balancer_quorum.addresses");
        result.Errors[2].ToString().Should().StartWith(
            "lb.toml:1:1: load_balancer_quorum.addresses: is missing, there is no [load_balancer_quorum]; expected a list as");
    }

    [Fact]
    public void ReadLoadBalancer_SeveralErrors_AreAllToldInTheFilesOrder()
    {
        const string document = """
            [node_health]
            checks_timeout = 5
            chekcs_before_routing = 3
            [load_balancer_quorum]
            addresses = [{ ip = "10.0.0.1", port = 0 }, { ip = "x", port = 1 }]
            [public_interface]
            net_interface_public = ""
            [private_interface]
            net_interface_private = "eth0"
            node_port = 5555
            """;

        ConfigurationResult<LoadBalancerOptions> result = ConfigurationErrorTests.ReadLoadBalancer(document);

        result.Options.Should().BeNull();
        result.Errors.Select(e => $"{e.Position} {e.Key}").Should().Equal(
            "2:18 node_health.checks_timeout",
            "3:1 node_health.chekcs_before_routing",
            "5:40 load_balancer_quorum.addresses[0].port",
            "5:52 load_balancer_quorum.addresses[1].ip",
            "7:24 public_interface.net_interface_public",
            "8:1 private_interface.api_port");
    }

    [Fact]
    public void ReadLoadBalancer_EvenNumberOfReplicas_Warns()
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationErrorTests.ReadLoadBalancer(
            Interfaces + "[load_balancer_quorum]\naddresses = [{ip='10.0.0.1',port=9090},{ip='10.0.0.2',port=9090},{ip='10.0.0.3',port=9090},{ip='10.0.0.4',port=9090}]");

        result.Options.Should().NotBeNull();
        result.Warnings.Should().ContainSingle().Which.ToString().Should().Be(
            "lb.toml:6:13: load_balancer_quorum.addresses: 4 replicas tolerate the loss of 1, as 3 would; expected an odd number");
    }

    [Fact]
    public void ReadLoadBalancer_ReplicasOnOneMachine_Warns()
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationErrorTests.ReadLoadBalancer(
            Interfaces + "[load_balancer_quorum]\naddresses = [{ip='10.0.0.1',port=9090},{ip='10.0.0.1',port=9091},{ip='10.0.0.3',port=9090}]");

        result.Warnings.Select(w => w.Key).Should().Equal("load_balancer_quorum.addresses[1]", "load_balancer_quorum.addresses[1].port");
    }

    [Fact]
    public void ReadLoadBalancer_KeysThatHaveNoEffect_Warn()
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationErrorTests.ReadLoadBalancer(
            Interfaces + "clients_port = 9000\nprotocols = ['udp']\n" + Quorum
            + "[data_plane]\nsource_nat = 'off'\nsource_addresses = ['10.0.0.7']\n[[services]]\nname = 'web'\nport = 443\n");

        result.Options!.Services.Select(s => s.Name).Should().Equal("web");
        result.Warnings.Select(w => $"{w.Key} {w.Detail}").Should().Equal(
            "public_interface.clients_port is not used, because [[services]] replaces this service",
            "public_interface.protocols is not used, because [[services]] replaces this service",
            "data_plane.source_addresses is not used, because source_nat is \"off\"");
    }

    [Fact]
    public void ReadLoadBalancer_TwoProtocols_GiveTwoServices()
    {
        ConfigurationResult<LoadBalancerOptions> result =
            ConfigurationErrorTests.ReadLoadBalancer(Interfaces + "clients_port = 53\nprotocols = ['udp', 'tcp']\n" + Quorum);

        result.Options!.Services.Select(s => (s.Name, s.Protocol, s.Port, s.TargetPort)).Should().Equal(
            ("default", ServiceProtocol.Udp, (ushort)53, (ushort)53), ("default-tcp", ServiceProtocol.Tcp, (ushort)53, (ushort)53));
    }

    [Fact]
    public void ReadLoadBalancer_Services_KeepWhatIsWritten()
    {
        const string services = """
            [[services]]
            name = "web"
            addresses = ["203.0.113.10", "2001:db8::10"]
            port = 443
            forwarding = "l3"
            hash = "source"
            target_port = 8443
            [[services]]
            name = "dns"
            port = 53
            protocol = "udp"
            """;

        ConfigurationResult<LoadBalancerOptions> result = ConfigurationErrorTests.ReadLoadBalancer(Interfaces + Quorum + services);

        result.Errors.Should().BeEmpty();
        result.Options!.Services.Should().BeEquivalentTo(
            [
                new ServiceOptions(
                    "web", [IPAddress.Parse("203.0.113.10"), IPAddress.Parse("2001:db8::10")], 443, ServiceProtocol.Tcp, ServiceForwarding.L3,
                    ServiceScheduler.Maglev, ServiceHash.Source, 8443),
                new ServiceOptions(
                    "dns", [], 53, ServiceProtocol.Udp, ServiceForwarding.L4, ServiceScheduler.Maglev, ServiceHash.FiveTuple, 53),
            ],
            o => o.WithStrictOrdering());
    }

    [Fact]
    public void ReadLoadBalancer_SamePortOtherProtocol_IsAllowed()
    {
        ConfigurationErrorTests.ReadLoadBalancer(
            Interfaces + Quorum + "[[services]]\nname='a'\nport=53\n[[services]]\nname='b'\nport=53\nprotocol='udp'\n").Errors.Should().BeEmpty();
    }

    [Fact]
    public void ReadLoadBalancer_EveryKeyGiven_IsKept()
    {
        const string document = """
            [private_interface]
            node_port = 1001
            api_port = 1002
            load_balancer_port = 1003
            net_interface_private = "priv0"
            [public_interface]
            net_interface_public = "pub0"
            clients_port = 1004
            addresses = ["203.0.113.1"]
            forwarding = "l2"
            protocols = ["udp"]
            [node_health]
            checks_before_routing = 4
            checks_timeout = "1m30s"
            black_list_after_fails = -1
            black_list_expiry = "2h"
            min_routable = 2
            max_eject_share = 1.0
            flow_grace = "0s"
            forget_after = "7d"
            [load_balancer_quorum]
            enforce_single_configuration = true
            addresses = [{ ip = "fd00::1", port = 1003 }]
            data_directory = "/srv/lb"
            election_timeout = "1s"
            heartbeat_interval = "100ms"
            lease_reads = true
            [data_plane]
            xdp_mode = "generic"
            established_flows = 2048
            half_open_flows = 1024
            source_nat = "on"
            source_addresses = ["10.0.0.7"]
            on_node_failure = "drop"
            on_no_nodes = "drop"
            on_exit = "keep"
            dead_man = "10m"
            protected_ports = []
            clamp_mss = true
            pin_path = "/sys/fs/bpf/other"
            timeouts = { tcp_half_open = "1s", tcp_established = "2s", tcp_closing = "3s", tcp_time_wait = "4s", tcp_reset = "5s", udp = "6s", udp_one_way = "7s" }
            [security]
            ca = "/ca"
            certificate = "cert"
            key = "/key"
            api_token_file = "/api"
            node_token_file = "/node"
            allowed_nodes = ["10.0.0.0/8", "fd00::/8", "0.0.0.0/0"]
            """;

        ConfigurationResult<LoadBalancerOptions> result = ConfigurationErrorTests.ReadLoadBalancer(document);

        result.Errors.Should().BeEmpty();
        result.Warnings.Should().BeEmpty();
        LoadBalancerOptions options = result.Options!;
        options.PrivateInterface.Should().Be(new PrivateInterfaceOptions(1001, 1002, 1003, "priv0"));
        options.PublicInterface.Should().Be(new PublicInterfaceOptions("pub0"));
        options.NodeHealth.Should().Be(new NodeHealthOptions(
            4, TimeSpan.FromSeconds(90), -1, TimeSpan.FromHours(2), 2, 1000, TimeSpan.Zero, TimeSpan.FromDays(7)));
        options.Quorum.Should().BeEquivalentTo(new LoadBalancerQuorumOptions(
            true, [new ReplicaAddress(IPAddress.Parse("fd00::1"), 1003)], "/srv/lb", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100), LeaseReads: true));
        options.DataPlane.Should().BeEquivalentTo(new DataPlaneOptions(
            XdpMode.Generic, 2048, 1024,
            new FlowTimeoutOptions(
                TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(5),
                TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(7)),
            true, [IPAddress.Parse("10.0.0.7")], OnNodeFailure.Drop, OnNoNodes.Drop, OnExit.Keep, TimeSpan.FromMinutes(10), [], "/sys/fs/bpf/other", ClampMss: true));
        options.Security.Should().BeEquivalentTo(new LoadBalancerSecurityOptions(
            "/ca", "cert", "/key", "/api", "/node", [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("fd00::/8"), IPNetwork.Parse("0.0.0.0/0")]));
        options.Services.Should().ContainSingle().Which.Should().BeEquivalentTo(new ServiceOptions(
            "default", [IPAddress.Parse("203.0.113.1")], 1004, ServiceProtocol.Udp, ServiceForwarding.L2, ServiceScheduler.Maglev, ServiceHash.FiveTuple, 1004));
    }

    [Fact]
    public void ReadNode_EveryKeyGiven_IsKept()
    {
        const string document = """
            [load_balancer]
            addresses = [{ ip = "10.0.0.1" }, { hostname = "lb-0.local", port = 8082 }, { ip = "fd00::1", port = 1 }]
            [node]
            name = "node-1"
            ip = "10.0.0.11"
            service_port = 8000
            weight = 0
            services = ["web", "dns"]
            [health_check]
            exec = ["/bin/check", "-v", "-v"]
            interval = "1s"
            timeout = "1s"
            [forwarding]
            mode = "l2"
            addresses = ["203.0.113.1"]
            device = "dummy0"
            [security]
            ca = "/ca"
            certificate = "/cert"
            key = "/key"
            node_token_file = "/token"
            """;

        ConfigurationResult<NodeOptions> result = ConfigurationFile.ReadNode("node.toml", Encoding.UTF8.GetBytes(document));

        result.Errors.Should().BeEmpty();
        NodeOptions options = result.Options!;
        options.LoadBalancers.Should().Equal(
            new LoadBalancerAddress("10.0.0.1", 7070), new LoadBalancerAddress("lb-0.local", 8082), new LoadBalancerAddress("fd00::1", 1));
        options.LoadBalancers[2].ToString().Should().Be("[fd00::1]:1");
        options.Node.Should().BeEquivalentTo(new NodeIdentityOptions("node-1", IPAddress.Parse("10.0.0.11"), 8000, 0, ["web", "dns"]));
        options.HealthCheck.Should().BeEquivalentTo(new HealthCheckOptions(
            null, null, ["/bin/check", "-v", "-v"], TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)));
        options.Forwarding.Should().BeEquivalentTo(new NodeForwardingOptions(NodeForwardingMode.L2, [IPAddress.Parse("203.0.113.1")], "dummy0"));
        options.Security.Should().Be(new NodeSecurityOptions("/ca", "/cert", "/key", "/token"));
    }

    [Theory]
    [InlineData("tcp = 8080", null, 8080)]
    [InlineData("tcp = '127.0.0.1:81'", "127.0.0.1", 81)]
    [InlineData("tcp = '[::1]:82'", "::1", 82)]
    public void ReadNode_TcpCheck_TakesPortOrAddress(string line, string? address, int port)
    {
        ConfigurationResult<NodeOptions> result = ConfigurationFile.ReadNode(
            "node.toml", Encoding.UTF8.GetBytes($"load_balancer.addresses = [{{ ip = '10.0.0.1' }}]\n[health_check]\n{line}"));

        result.Options!.HealthCheck.Tcp.Should().Be(new TcpCheckTarget(address is null ? null : IPAddress.Parse(address), (ushort)port));
    }

    [Fact]
    public void ReadNode_TwoChecks_AreRefused()
    {
        ConfigurationResult<NodeOptions> result = ConfigurationFile.ReadNode(
            "node.toml", "load_balancer.addresses = [{ ip = '10.0.0.1' }]\n[health_check]\nhttp = 'http://127.0.0.1/'\ntcp = 80\n"u8);

        result.Errors.Should().ContainSingle().Which.ToString().Should().Be(
            "node.toml:3:8: health_check.http: stands beside tcp; expected one of tcp, http and exec");
    }

    [Fact]
    public void ReadLoadBalancer_NotToml_NamesLineColumnAndKey()
    {
        ConfigurationResult<LoadBalancerOptions> result = ConfigurationErrorTests.ReadLoadBalancer("[node_health]\nchecks_timeout = 5s\n");

        result.Errors.Should().ContainSingle().Which.ToString().Should().Be(
            "lb.toml:2:18: node_health.checks_timeout: 5s is not a number; 's' does not belong in one (a string needs quotation marks)");
    }

    [Fact]
    public void LoadLoadBalancer_FilesThatAreNone_AreErrorsInWords()
    {
        string directory = Directory.CreateTempSubdirectory("galelb-configuration-").FullName;
        try
        {
            string missing = Path.Combine(directory, "missing.toml");
            string large = Path.Combine(directory, "large.toml");
            File.WriteAllText(large, new string('#', ConfigurationFile.BytesMax + 1));

            ConfigurationFile.LoadLoadBalancer(missing).Errors.Should().ContainSingle()
                .Which.ToString().Should().Be($"{missing}: no such file; expected a configuration file (--config FILE)");
            ConfigurationFile.LoadLoadBalancer(directory).Errors.Should().ContainSingle()
                .Which.ToString().Should().Be($"{directory}: is a directory; expected a configuration file");
            ConfigurationFile.LoadLoadBalancer(large).Errors.Should().ContainSingle()
                .Which.ToString().Should().Contain("is larger than 4194304 bytes");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
