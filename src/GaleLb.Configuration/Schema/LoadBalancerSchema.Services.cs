using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;

namespace GaleLb.Configuration.Schema;

internal static partial class LoadBalancerSchema
{
    public static class Services
    {
        public static readonly ConfigurationKey<string> Name = new("name", TextKinds.ServiceName, "", "Unique among the services.")
        { DefaultText = null, Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationKey<ImmutableArray<IPAddress>> Addresses = new("addresses",
            ValueKinds.ListOf(NetworkKinds.Address, "a list of IP addresses as [\"203.0.113.10\"]"), [],
            "Where clients connect. Empty: each replica's own address on the public interface. Needed for \"l3\" and \"l2\".")
        { DefaultText = "[]", Change = KeyChange.Order };

        public static readonly ConfigurationKey<ushort> Port = new("port", ValueKinds.Port, 0, "Where clients connect.")
        { DefaultText = null, Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationKey<ServiceProtocol> ServiceProtocol =
            new("protocol", LoadBalancerKinds.Protocol, Options.ServiceProtocol.Tcp, "What is balanced.")
            { DefaultText = "\"tcp\"", Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationKey<ServiceForwarding> Forwarding =
            new("forwarding", LoadBalancerKinds.Forwarding, ServiceForwarding.L4, "As forwarding of [public_interface].")
            { DefaultText = "\"l4\"", Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationKey<ServiceScheduler> Scheduler =
            new("scheduler", ValueKinds.Choice(("maglev", ServiceScheduler.Maglev)), ServiceScheduler.Maglev, "How slots of the ring go to nodes.")
            { DefaultText = "\"maglev\"", Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationKey<ServiceHash> Hash =
            new("hash", ValueKinds.Choice(("five_tuple", ServiceHash.FiveTuple), ("source", ServiceHash.Source)), ServiceHash.FiveTuple,
                "What chooses the slot: the whole connection, or only the client's address (so that a client stays with its node).")
            { DefaultText = "\"five_tuple\"", Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationKey<ushort> TargetPort = new("target_port", ValueKinds.Port, 0, "Where nodes serve.")
        { DefaultText = "port", Change = KeyChange.Order, InDigest = true };

        public static readonly ConfigurationSection Section = new("services", Repeated: true,
            "What is balanced. When given, these replace the one service of [public_interface]. The first start of a cluster puts them into "
            + "its log; afterwards orders change them.",
            [Name, Addresses, Port, ServiceProtocol, Forwarding, Scheduler, Hash, TargetPort]);
    }
}
