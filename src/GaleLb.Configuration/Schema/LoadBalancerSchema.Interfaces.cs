using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;

namespace GaleLb.Configuration.Schema;

internal static partial class LoadBalancerSchema
{
    private const ushort DefaultNodePort = 7070, DefaultApiPort = 5555, DefaultLoadBalancerPort = 9090, DefaultClientsPort = 8080;

    private static ConfigurationKey<ushort> PortKey(string name, ushort port, string description) =>
        new(name, ValueKinds.Port, port, description) { DefaultText = $"{port}" };

    private static ConfigurationKey<string> InterfaceKey(string name, string description) =>
        new(name, TextKinds.InterfaceName, "", description) { DefaultText = null };

    public static class PrivateInterface
    {
        public static readonly ConfigurationKey<ushort> NodePort =
            PortKey("node_port", DefaultNodePort, "Where nodes send their heartbeats.");

        public static readonly ConfigurationKey<ushort> ApiPort =
            PortKey("api_port", DefaultApiPort, "Where the REST API and the metrics are served.");

        public static readonly ConfigurationKey<ushort> LoadBalancerPort =
            PortKey("load_balancer_port", DefaultLoadBalancerPort, "Where the other replicas connect.");

        public static readonly ConfigurationKey<string> InterfaceName =
            InterfaceKey("net_interface_private", "The interface towards nodes, operators and the other replicas.");

        public static readonly ConfigurationSection Section = new("private_interface", Repeated: false,
            "The side of nodes, operators and the other replicas.", [NodePort, ApiPort, LoadBalancerPort, InterfaceName]);
    }

    public static class PublicInterface
    {
        public static readonly ConfigurationKey<ushort> ClientsPort = new("clients_port", ValueKinds.Port, DefaultClientsPort,
            "Where clients connect, and where nodes serve.")
        { DefaultText = $"{DefaultClientsPort}", Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationKey<string> InterfaceName =
            InterfaceKey("net_interface_public", "The interface towards clients; it may be the private one.");

        public static readonly ConfigurationKey<ImmutableArray<IPAddress>> Addresses = new("addresses",
            ValueKinds.ListOf(NetworkKinds.Address, "a list of IP addresses as [\"203.0.113.10\"]"), [],
            "Service addresses. Empty: each replica's own address on the public interface. Needed for \"l3\" and \"l2\".")
        { DefaultText = "[]", Change = KeyChange.Order };

        public static readonly ConfigurationKey<ServiceForwarding> Forwarding = new("forwarding", LoadBalancerKinds.Forwarding, ServiceForwarding.L4,
            "How packets reach nodes: rewritten (\"l4\"), encapsulated (\"l3\"), or by MAC address on the same segment (\"l2\").")
        { DefaultText = "\"l4\"", Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationKey<ImmutableArray<ServiceProtocol>> Protocols = new("protocols",
            ValueKinds.ListOf(LoadBalancerKinds.Protocol, "a list of \"tcp\" and \"udp\"", mayBeEmpty: false), [ServiceProtocol.Tcp],
            "What is balanced on clients_port. The first is the service named default, a second one default-udp or default-tcp.")
        { DefaultText = "[\"tcp\"]", Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationSection Section = new("public_interface", Repeated: false,
            "The side of clients, and the one service that is balanced unless [[services]] names others.",
            [ClientsPort, InterfaceName, Addresses, Forwarding, Protocols]);
    }

    /// <summary>The first generation of the file: both sides in one section, other ports by default.</summary>
    public static class Local
    {
        public static readonly ConfigurationKey<ushort> NodePort =
            PortKey("node_port", DefaultNodePort, "As node_port of [private_interface].");

        public static readonly ConfigurationKey<ushort> ClientsPort = new("clients_port", ValueKinds.Port, DefaultClientsPort,
            "As clients_port of [public_interface].")
        { DefaultText = $"{DefaultClientsPort}", Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationKey<string> NodesInterfaceName =
            InterfaceKey("net_interface_nodes", "As net_interface_private of [private_interface].");

        public static readonly ConfigurationKey<string> ClientsInterfaceName =
            InterfaceKey("net_interface_clients", "As net_interface_public of [public_interface].");

        public static readonly ConfigurationSection Section = new("local", Repeated: false,
            "The first generation of the file. It stands in for [private_interface] and [public_interface], whose other keys take "
            + "their defaults, and cannot be mixed with them.",
            [NodePort, ClientsPort, NodesInterfaceName, ClientsInterfaceName]);
    }
}
