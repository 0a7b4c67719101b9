using System.Text;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Schema;

namespace GaleLb.Configuration.Tests;

/// <summary>What is said of each key's wrong values: where, what, and what was expected.</summary>
public sealed class ConfigurationErrorTests
{
    private const string Port = "expected a port from 1 to 65535";
    private const string Duration = "expected a duration as \"500ms\", \"5s\", \"1m30s\" or \"24h\"";

    private static readonly string[] LoadBalancerBase =
    [
        "[private_interface]", "net_interface_private = 'eth0'",
        "[public_interface]", "net_interface_public = 'eth1'",
        "[node_health]",
        "[load_balancer_quorum]", "addresses = [{ ip = '10.0.0.1', port = 9090 }]",
        "[data_plane]",
        "[data_plane.timeouts]",
        "[security]",
    ];

    private static readonly string[] NodeBase =
    [
        "[load_balancer]", "addresses = [{ ip = '10.0.0.1', port = 7070 }]", "[node]", "[health_check]", "[forwarding]", "[security]",
    ];

    /// <summary>Section, key, a wrong value, and what is said of it.</summary>
    public static TheoryData<string, string, string, string> WrongLoadBalancerValues => new()
    {
        { "private_interface", "node_port", "0", $"0 is out of range; {Port}" },
        { "private_interface", "node_port", "65536", $"65536 is out of range; {Port}" },
        { "private_interface", "node_port", "'7070'", $"\"7070\" is a string; {Port}" },
        { "private_interface", "api_port", "-1", $"-1 is out of range; {Port}" },
        { "private_interface", "api_port", "5555.0", $"5555 is a float; {Port}" },
        { "private_interface", "load_balancer_port", "true", $"true is a boolean; {Port}" },
        { "private_interface", "net_interface_private", "1", "1 is an integer; expected an interface name" },
        { "private_interface", "net_interface_private", "''", "\"\" is not one; expected an interface name" },
        { "private_interface", "net_interface_private", "'sixteen_letters_'", "is not one; expected an interface name" },
        { "private_interface", "net_interface_private", "'a/b'", "is not one; expected an interface name" },
        { "public_interface", "clients_port", "[8080]", $"is an array of 1; {Port}" },
        { "public_interface", "net_interface_public", "'eth 0'", "is not one; expected an interface name" },
        { "public_interface", "addresses", "'10.0.0.9'", "\"10.0.0.9\" is a string; expected a list of IP addresses" },
        { "public_interface", "addresses", "['10.0.0']", "[0]: \"10.0.0\" is not an IP address; expected an IP address as" },
        { "public_interface", "addresses", "['0x0a.0.0.1']", "[0]: \"0x0a.0.0.1\" is not an IP address" },
        { "public_interface", "addresses", "['fe80::1%eth0']", "[0]: \"fe80::1%eth0\" is not an IP address" },
        { "public_interface", "addresses", "['0.0.0.0']", "[0]: \"0.0.0.0\" stands for every address; expected the address of one machine" },
        { "public_interface", "addresses", "['224.0.0.1']", "[0]: \"224.0.0.1\" is a multicast or broadcast address" },
        { "public_interface", "addresses", "['::ffff:10.0.0.1']", "[0]: \"::ffff:10.0.0.1\" is an IPv4 address in IPv6 form; expected \"10.0.0.1\"" },
        { "public_interface", "addresses", "['10.0.0.9', '10.0.0.9']", "[1]: 10.0.0.9 is listed twice (item 1 is the same)" },
        { "public_interface", "forwarding", "'L4'", "\"L4\" is not known; expected \"l4\" or \"l3\" or \"l2\"" },
        { "public_interface", "forwarding", "4", "4 is an integer; expected \"l4\" or \"l3\" or \"l2\"" },
        { "public_interface", "forwarding", "'l3'", "\"l3\" needs addresses; expected service addresses" },
        { "public_interface", "protocols", "[]", "[] is empty; expected a list of \"tcp\" and \"udp\"" },
        { "public_interface", "protocols", "['sctp']", "[0]: \"sctp\" is not known; expected \"tcp\" or \"udp\"" },
        { "public_interface", "protocols", "['tcp', 'tcp']", "[1]: Tcp is listed twice" },
        { "node_health", "checks_before_routing", "0", "0 is out of range; expected an integer from 1 to 1000" },
        { "node_health", "checks_before_routing", "3.0", "3 is a float; expected an integer from 1 to 1000" },
        { "node_health", "checks_timeout", "5", $"5 is an integer; {Duration}" },
        { "node_health", "checks_timeout", "'5'", $"\"5\" is not a duration; {Duration}" },
        { "node_health", "checks_timeout", "'99ms'", "\"99ms\" is out of range; expected a duration from \"100ms\" to \"1h\"" },
        { "node_health", "checks_timeout", "'2h'", "\"2h\" is out of range; expected a duration from \"100ms\" to \"1h\"" },
        { "node_health", "black_list_after_fails", "0", "0 is out of range; expected an integer from 1 to 1000000, or -1 for never" },
        { "node_health", "black_list_after_fails", "-2", "-2 is out of range; expected an integer from 1 to 1000000, or -1 for never" },
        { "node_health", "black_list_after_fails", "'never'", "\"never\" is a string; expected an integer from 1" },
        { "node_health", "black_list_expiry", "'5min'", $"\"5min\" is not a duration; {Duration}" },
        { "node_health", "min_routable", "-1", "-1 is out of range; expected an integer from 0 to 16384" },
        { "node_health", "max_eject_share", "1.5", "1.5 is out of range; expected a share from 0.0 to 1.0" },
        { "node_health", "max_eject_share", "-0.1", "-0.1 is out of range; expected a share from 0.0 to 1.0" },
        { "node_health", "max_eject_share", "nan", "nan is out of range; expected a share from 0.0 to 1.0" },
        { "node_health", "max_eject_share", "50", "50 is out of range; expected a share from 0.0 to 1.0" },
        { "node_health", "max_eject_share", "'50%'", "\"50%\" is a string; expected a share from 0.0 to 1.0" },
        { "node_health", "max_eject_share", "0.3333", "0.3333 is too fine; expected at most three decimals" },
        { "node_health", "flow_grace", "1979-05-27", $"1979-05-27 is a date; {Duration}" },
        { "node_health", "forget_after", "'5s'", "5s is not longer than checks_timeout (5s); expected" },
        { "load_balancer_quorum", "enforce_single_configuration", "'yes'", "\"yes\" is a string; expected true or false" },
        { "load_balancer_quorum", "addresses", "[]", "[] is empty; expected a list as [{ ip = " },
        { "load_balancer_quorum", "addresses", "['10.0.0.1:9090']", "[0]: \"10.0.0.1:9090\" is a string; expected a table as { ip = " },
        { "load_balancer_quorum", "addresses", "[{ ip = '10.0.0.1' }]", "[0].port: is missing; expected a port from 1 to 65535" },
        { "load_balancer_quorum", "addresses", "[{ port = 1 }]", "[0].ip: is missing; expected an IP address" },
        { "load_balancer_quorum", "addresses", "[{ ip = '10.0.0.1', port = 0 }]", $"[0].port: 0 is out of range; {Port}" },
        { "load_balancer_quorum", "addresses", "[{ ip = 'lb-0.local', port = 9090 }]", "[0].ip: \"lb-0.local\" is not an IP address" },
        { "load_balancer_quorum", "addresses", "[{ ip = '10.0.0.1', prot = 9090, port = 9090 }]", "[0].prot: unknown key; did you mean port?" },
        { "load_balancer_quorum", "addresses", "[{ip='10.0.0.1',port=9090},{ip='10.0.0.2',port=9090},{ip='10.0.0.1',port=9090}]", "[2]: 10.0.0.1:9090 is listed twice (item 1 is the same)" },
        { "load_balancer_quorum", "data_directory", "'data'", "\"data\" is not one; expected an absolute path to a directory" },
        { "load_balancer_quorum", "election_timeout", "'120ms'", "election_timeout (120ms) is less than 3 times heartbeat_interval (50ms)" },
        { "load_balancer_quorum", "heartbeat_interval", "'101ms'", "election_timeout (300ms) is less than 3 times heartbeat_interval (101ms)" },
        { "load_balancer_quorum", "heartbeat_interval", "'1ms'", "\"1ms\" is out of range; expected a duration from \"5ms\" to \"10s\"" },
        { "load_balancer_quorum", "lease_reads", "1", "1 is an integer; expected true or false" },
        { "data_plane", "xdp_mode", "'fast'", "\"fast\" is not known; expected \"auto\" or \"native\" or \"generic\" or \"tc\" or \"off\"" },
        { "data_plane", "established_flows", "10", "10 is out of range; expected an integer from 1024 to 33554432" },
        { "data_plane", "half_open_flows", "1e6", "1000000 is a float; expected an integer from 1024 to 33554432" },
        { "data_plane", "clamp_mss", "'on'", "\"on\" is a string; expected true or false" },
        { "data_plane", "source_nat", "false", "false is a boolean; expected \"on\" or \"off\"" },
        { "data_plane", "source_addresses", "[1]", "[0]: 1 is an integer; expected an IP address" },
        { "data_plane", "on_node_failure", "'rst'", "\"rst\" is not known; expected \"reset\" or \"drop\"" },
        { "data_plane", "on_no_nodes", "'pass'", "\"pass\" is not known; expected \"reset\" or \"drop\"" },
        { "data_plane", "on_exit", "'leave'", "\"leave\" is not known; expected \"detach\" or \"keep\"" },
        { "data_plane", "dead_man", "'never'", $"\"never\" is not a duration; {Duration}" },
        { "data_plane", "dead_man", "'500ms'", "\"500ms\" is out of range; expected a duration from \"1s\" to \"30d\"" },
        { "data_plane", "protected_ports", "22", "22 is an integer; expected a list of ports" },
        { "data_plane", "protected_ports", "[22, 8080]", "public_interface.clients_port: 8080 cannot be a service's port, because it is protected (data_plane.protected_ports)" },
        { "data_plane", "pin_path", "'galelb'", "\"galelb\" is not one; expected an absolute path to a directory" },
        { "data_plane.timeouts", "tcp_half_open", "'0s'", "\"0s\" is out of range; expected a duration from \"1s\" to \"7d\"" },
        { "data_plane.timeouts", "tcp_established", "'8d'", "\"8d\" is out of range; expected a duration from \"1s\" to \"7d\"" },
        { "data_plane.timeouts", "tcp_closing", "2", $"2 is an integer; {Duration}" },
        { "data_plane.timeouts", "tcp_time_wait", "''", $"\"\" is not a duration; {Duration}" },
        { "data_plane.timeouts", "tcp_reset", "'10 s'", $"\"10 s\" is not a duration; {Duration}" },
        { "data_plane.timeouts", "udp", "'1s1m'", $"\"1s1m\" is not a duration; {Duration}" },
        { "data_plane.timeouts", "udp_one_way", "'1.5s'", $"\"1.5s\" is not a duration; {Duration}" },
        { "security", "ca", "'/ca.pem'", "is given without certificate and key; expected ca, certificate and key together" },
        { "security", "certificate", "''", "\"\" is not one; expected a path to a file" },
        { "security", "key", "'/key.pem'", "is given without ca and certificate" },
        { "security", "api_token_file", "1", "1 is an integer; expected a path to a file" },
        { "security", "node_token_file", "\"a\\u0000b\"", "is not one; expected a path to a file" },
        { "security", "allowed_nodes", "['10.0.0.1']", "[0]: \"10.0.0.1\" is not a network; expected a network as \"10.0.0.0/8\"" },
        { "security", "allowed_nodes", "['10.0.0.1/8']", "[0]: \"10.0.0.1/8\" has bits set beyond /8; expected \"10.0.0.0/8\"" },
        { "security", "allowed_nodes", "['10.0.0.0/33']", "[0]: \"10.0.0.0/33\" is not a network" },
        { "security", "allowed_nodes", "['2001:db8::/129']", "[0]: \"2001:db8::/129\" is not a network" },
    };

    [Theory]
    [MemberData(nameof(WrongLoadBalancerValues))]
    public void ReadLoadBalancer_WrongValue_IsToldAtItsPlace(string section, string key, string value, string expected)
    {
        ConfigurationResult<LoadBalancerOptions> result = ReadLoadBalancer(With(LoadBalancerBase, section, key, value, out int line));

        result.Options.Should().BeNull();
        ConfigurationMessage error = result.Errors.Should().ContainSingle().Which;
        error.ToString().Should().Contain(expected).And.NotContain("\n");
        if (!expected.Contains("cannot be a service's port", StringComparison.Ordinal))
        {
            error.Position!.Value.Line.Should().Be(line);
            error.Key.Should().StartWith($"{section}.{key}");
        }
    }

    /// <summary>Section, key, a wrong value, and what is said of it.</summary>
    public static TheoryData<string, string, string, string> WrongNodeValues => new()
    {
        { "load_balancer", "addresses", "[]", "[] is empty; expected a list as [{ ip = " },
        { "load_balancer", "addresses", "[{}]", "[0].ip: is missing; expected an IP address" },
        { "load_balancer", "addresses", "[{ ip = '10.0.0.1', hostname = 'lb' }]", "[0]: has both ip and hostname; expected one of them" },
        { "load_balancer", "addresses", "[{ hostname = '10.0.0.1' }]", "[0].hostname: \"10.0.0.1\" is an IP address; expected it as ip, or a host name" },
        { "load_balancer", "addresses", "[{ hostname = 'a b' }]", "[0].hostname: \"a b\" is not a host name; expected a host name as \"lb-0.local\"" },
        { "load_balancer", "addresses", "[{ hostname = 7 }]", "[0].hostname: 7 is an integer; expected a host name" },
        { "load_balancer", "addresses", "[{ host = 'a', ip = '10.0.0.1' }]", "[0].host: unknown key; did you mean hostname?" },
        { "load_balancer", "addresses", "[{ hostname = 'a' }, { hostname = 'a', port = 7070 }]", "[1]: a:7070 is listed twice" },
        { "node", "name", "'node 1'", "\"node 1\" is not one; expected a name of 1 to 253 letters, digits" },
        { "node", "name", "''", "\"\" is not one; expected a name of 1 to 253" },
        { "node", "ip", "'eth0'", "\"eth0\" is not an IP address" },
        { "node", "service_port", "99999", $"99999 is out of range; {Port}" },
        { "node", "weight", "1001", "1001 is out of range; expected an integer from 0 to 1000" },
        { "node", "services", "'web'", "\"web\" is a string; expected a list of service names" },
        { "node", "services", "['web', 'web']", "[1]: web is listed twice" },
        { "health_check", "tcp", "0", $"0 is out of range; {Port}" },
        { "health_check", "tcp", "'8080'", "\"8080\" is not one; expected a port as 8080, or an address and port" },
        { "health_check", "tcp", "'::1:80'", "\"::1:80\" is not one" },
        { "health_check", "tcp", "'localhost:80'", "\"localhost:80\" is not one" },
        { "health_check", "http", "'127.0.0.1:80'", "is not one; expected an address as \"http://127.0.0.1:8080/health\"" },
        { "health_check", "http", "'ftp://127.0.0.1'", "is not one; expected an address as" },
        { "health_check", "exec", "'/bin/true'", "\"/bin/true\" is a string; expected a program and its arguments" },
        { "health_check", "exec", "[]", "[] names no program" },
        { "health_check", "exec", "['/bin/true', 1]", "[1]: 1 is an integer; expected text" },
        { "health_check", "interval", "'10ms'", "\"10ms\" is out of range; expected a duration from \"100ms\" to \"1h\"" },
        { "health_check", "timeout", "'3s'", "timeout (3s) is longer than interval (2s)" },
        { "forwarding", "mode", "'l4'", "\"l4\" is not known; expected \"none\" or \"l2\" or \"l3\"" },
        { "forwarding", "addresses", "['10.0.0.1']", "[0]: 10.0.0.1 is a replica's address (load_balancer.addresses); expected a service address" },
        { "forwarding", "decapsulation", "'ipip'", "\"ipip\" is not known; expected \"auto\" or \"kernel\" or \"xdp\" or \"tc\"" },
        { "forwarding", "device", "''", "\"\" is not one; expected an interface name" },
        { "security", "ca", "'/ca.pem'", "is given without certificate and key" },
        { "security", "certificate", "'/c.pem'", "is given without ca and key" },
        { "security", "key", "false", "false is a boolean; expected a path to a file" },
        { "security", "node_token_file", "[]", "is []; expected a path to a file" },
    };

    [Theory]
    [MemberData(nameof(WrongNodeValues))]
    public void ReadNode_WrongValue_IsToldAtItsPlace(string section, string key, string value, string expected)
    {
        ConfigurationResult<NodeOptions> result =
            ConfigurationFile.ReadNode("node.toml", Encoding.UTF8.GetBytes(With(NodeBase, section, key, value, out int line)));

        result.Options.Should().BeNull();
        ConfigurationMessage error = result.Errors.First(e => e.Detail.Length > 0);
        error.ToString().Should().Contain(expected).And.NotContain("\n");
        error.Position!.Value.Line.Should().Be(line);
        error.Key.Should().StartWith($"{section}.{key}");
    }

    /// <summary>Every key of both programs has a wrong value in the tables above or is one whose errors have a test of their own.</summary>
    [Theory]
    [MemberData(nameof(ConfigurationReferenceTests.AllKeys), MemberType = typeof(ConfigurationReferenceTests))]
    public void Tables_EveryKey_HasAWrongValue(string key)
    {
        string[] parts = key.Split(' ');
        IEnumerable<object[]> table = parts[0] == "gale-lb" ? WrongLoadBalancerValues : WrongNodeValues;
        bool hasOwnTests = parts[0] == "gale-lb" && parts[1] is "local" or "services";

        (hasOwnTests || table.Any(row => (string)row[0] == parts[1] && (string)row[1] == parts[2])).Should().BeTrue();
    }

    internal static ConfigurationResult<LoadBalancerOptions> ReadLoadBalancer(string document) =>
        ConfigurationFile.ReadLoadBalancer("lb.toml", Encoding.UTF8.GetBytes(document));

    /// <summary>The base with one key added to a section, or replaced in it.</summary>
    private static string With(string[] lines, string section, string key, string value, out int line)
    {
        List<string> document = [.. lines];
        int header = document.IndexOf($"[{section}]");
        int existing = document.FindIndex(header, l => l.StartsWith(key + " =", StringComparison.Ordinal));
        int next = document.FindIndex(header + 1, l => l.StartsWith('['));
        if (existing > 0 && (next < 0 || existing < next))
        {
            document.RemoveAt(existing);
        }

        document.Insert(header + 1, $"{key} = {value}");
        line = header + 2;
        return string.Join('\n', document);
    }
}
