using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;

namespace GaleLb.Configuration.Schema;

/// <summary>Every section and key of gale-node's file.</summary>
internal static class NodeSchema
{
    public static class LoadBalancer
    {
        public static readonly ConfigurationKey<ImmutableArray<LoadBalancerAddress>> Addresses = new("addresses",
            ValueKinds.ListOf(NetworkKinds.LoadBalancer, "a list as [{ ip = \"192.168.1.2\", port = 7070 }]", mayBeEmpty: false), [],
            "The replicas, each by ip or hostname, with their node_port (7070 when left out). The node keeps to one and moves on when it fails.")
        { DefaultText = null };

        public static readonly ConfigurationSection Section =
            new("load_balancer", Repeated: false, "Whom to send heartbeats to.", [Addresses]);
    }

    public static class Node
    {
        public static readonly ConfigurationKey<string?> Name = new("name", TextKinds.Optional(TextKinds.NodeName), null,
            "This node's name, unique in the cluster.")
        { DefaultText = "the machine's host name" };

        public static readonly ConfigurationKey<IPAddress?> Ip = new("ip", NetworkKinds.OptionalAddress, null,
            "This node's address: source of its heartbeats and where its traffic goes.")
        { DefaultText = "the system's choice" };

        public static readonly ConfigurationKey<ushort> ServicePort = new("service_port", ValueKinds.Port, 0, "Where this node serves.")
        { DefaultText = "the service's target port" };

        public static readonly ConfigurationKey<int> Weight = new("weight", ValueKinds.Integer(0, 1000), 100,
            "Its share relative to other nodes; 0: no new connections. An order overrides it.")
        { DefaultText = "100" };

        public static readonly ConfigurationKey<ImmutableArray<string>> Services = new("services",
            ValueKinds.ListOf(TextKinds.ServiceName, "a list of service names as [\"web\"]"), [],
            "The services it serves. Empty: all.")
        { DefaultText = "[]" };

        public static readonly ConfigurationSection Section =
            new("node", Repeated: false, "What this node is.", [Name, Ip, ServicePort, Weight, Services]);
    }

    public static class HealthCheck
    {
        public static readonly ConfigurationKey<TcpCheckTarget?> Tcp = new("tcp", CheckKinds.Tcp, null,
            "Passes when a connection opens: a port on this node, or an address and port.")
        { DefaultText = "service_port, when known" };

        public static readonly ConfigurationKey<Uri?> Http = new("http", CheckKinds.Http, null,
            "Passes when a GET is answered with a status from 200 to 399.")
        { DefaultText = "none" };

        public static readonly ConfigurationKey<ImmutableArray<string>> Exec = new("exec",
            CheckKinds.Exec, [], "Passes when the program exits with 0.")
        { DefaultText = "none" };

        public static readonly ConfigurationKey<TimeSpan> Interval = new("interval", ValueKinds.Duration("100ms", "1h"),
            TimeSpan.FromSeconds(2), "How often the service is checked.")
        { DefaultText = "\"2s\"" };

        public static readonly ConfigurationKey<TimeSpan> Timeout = new("timeout", ValueKinds.Duration("10ms", "1h"),
            TimeSpan.FromSeconds(1), "A check unanswered for this long has failed; at most interval.")
        { DefaultText = "\"1s\"" };

        public static readonly ConfigurationSection Section = new("health_check", Repeated: false,
            "How the node checks its own service; one of tcp, http and exec. While it fails, the node takes no new connections.",
            [Tcp, Http, Exec, Interval, Timeout]);
    }

    public static class Forwarding
    {
        public static readonly ConfigurationKey<NodeForwardingMode> Mode = new("mode",
            ValueKinds.Choice(("none", NodeForwardingMode.None), ("l2", NodeForwardingMode.L2), ("l3", NodeForwardingMode.L3)),
            NodeForwardingMode.None,
            "What to set up so that this node answers clients itself, and to take down again at exit: \"l2\" the addresses of l2 services, "
            + "\"l3\" those of l3 services as well, with decapsulation. \"none\" is enough for l4 services.")
        { DefaultText = "\"none\"" };

        public static readonly ConfigurationKey<ImmutableArray<IPAddress>> Addresses = new("addresses",
            ValueKinds.ListOf(NetworkKinds.Address, "a list of IP addresses as [\"203.0.113.10\"]"), [],
            "Service addresses that this node holds. Empty: those that the replicas name.")
        { DefaultText = "[]" };

        public static readonly ConfigurationKey<string> Device = new("device", TextKinds.InterfaceName, "lo",
            "The device that holds them.")
        { DefaultText = "\"lo\"" };

        public static readonly ConfigurationKey<NodeDecapsulation> Decapsulation = new("decapsulation",
            ValueKinds.Choice(("auto", NodeDecapsulation.Auto), ("kernel", NodeDecapsulation.Kernel), ("xdp", NodeDecapsulation.Xdp), ("tc", NodeDecapsulation.Tc)),
            NodeDecapsulation.Auto,
            "Who unwraps what comes for l3 services: tunnel devices of the kernel (set up by you), a program of gale-node on the interface with the "
            + "node's address, in XDP or in TC (for veths and drivers without XDP; since Linux 6.6), or, with \"auto\", tunnel devices if they can and else XDP.")
        { DefaultText = "\"auto\"" };

        public static readonly ConfigurationSection Section =
            new("forwarding", Repeated: false, "Set-up for l2 and l3 services.", [Mode, Addresses, Device, Decapsulation]);
    }

    public static class Security
    {
        public static readonly ConfigurationKey<string?> Ca =
            FileKey("ca", "The authority's certificates (PEM). With certificate and key: mutual TLS towards the replicas. All three are read again when they change.");

        public static readonly ConfigurationKey<string?> Certificate = FileKey("certificate", "This node's certificate (PEM).");

        public static readonly ConfigurationKey<string?> PrivateKey = FileKey("key", "Its private key (PEM).");

        public static readonly ConfigurationKey<string?> NodeTokenFile = FileKey("node_token_file", "The bearer token to show to replicas.");

        public static readonly ConfigurationSection Section =
            new("security", Repeated: false, "What this node shows to replicas.", [Ca, Certificate, PrivateKey, NodeTokenFile]);

        private static ConfigurationKey<string?> FileKey(string name, string description) =>
            new(name, TextKinds.Optional(TextKinds.FilePath), null, description) { DefaultText = "none" };
    }

    public static IReadOnlyList<ConfigurationSection> Sections =>
        [LoadBalancer.Section, Node.Section, HealthCheck.Section, Forwarding.Section, Security.Section];
}
