using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;

namespace GaleLb.Configuration.Schema;

internal static partial class LoadBalancerSchema
{
    public static class DataPlane
    {
        public static readonly ConfigurationKey<XdpMode> Mode = new("xdp_mode",
            ValueKinds.Choice(("auto", XdpMode.Auto), ("native", XdpMode.Native), ("generic", XdpMode.Generic), ("tc", XdpMode.Tc), ("off", XdpMode.Off)),
            XdpMode.Auto, "Where clients' packets are seen: in the driver where it can and above it else, in the driver, above it, in TC where they may be several merged ones (for veth, and drivers without XDP), or nowhere.")
        { DefaultText = "\"auto\"" };

        public static readonly ConfigurationKey<int> EstablishedFlows = new("established_flows", ValueKinds.Integer(1024, 33_554_432), 262_144,
            "Connections held at once. Memory for them is taken at start; beyond it new connections are refused and counted.")
        { DefaultText = "262144" };

        public static readonly ConfigurationKey<int> HalfOpenFlows = new("half_open_flows", ValueKinds.Integer(1024, 33_554_432), 65_536,
            "Unfinished handshakes and one-way UDP flows held at once; the oldest gives way.")
        { DefaultText = "65536" };

        public static readonly ConfigurationKey<bool> SourceNat = new("source_nat",
            ValueKinds.Choice(("on", true), ("off", false)), true,
            "Whether L4 replaces the client's address, so that answers come back here. \"off\" is for nodes that route back through this replica.")
        { DefaultText = "\"on\"" };

        public static readonly ConfigurationKey<ImmutableArray<IPAddress>> SourceAddresses = new("source_addresses",
            ValueKinds.ListOf(NetworkKinds.Address, "a list of IP addresses as [\"10.0.0.2\"]"), [],
            "Addresses that nodes see under source_nat. Empty: the private interface's.")
        { DefaultText = "[]" };

        public static readonly ConfigurationKey<OnNodeFailure> OnNodeFailure = new("on_node_failure",
            ValueKinds.Choice(("reset", Options.OnNodeFailure.Reset), ("drop", Options.OnNodeFailure.Drop)), Options.OnNodeFailure.Reset,
            "What the next packet of a connection meets once its node is given up.")
        { DefaultText = "\"reset\"" };

        public static readonly ConfigurationKey<OnNoNodes> OnNoNodes = new("on_no_nodes",
            ValueKinds.Choice(("reset", Options.OnNoNodes.Reset), ("drop", Options.OnNoNodes.Drop)), Options.OnNoNodes.Reset,
            "What a new connection meets when its service has no routable node.")
        { DefaultText = "\"reset\"" };

        public static readonly ConfigurationKey<OnExit> OnExit = new("on_exit",
            ValueKinds.Choice(("detach", Options.OnExit.Detach), ("keep", Options.OnExit.Keep)), Options.OnExit.Detach,
            "Whether the programs go on forwarding after SIGTERM. After a crash they always do.")
        { DefaultText = "\"detach\"" };

        public static readonly ConfigurationKey<TimeSpan?> DeadMan = new("dead_man", ValueKinds.DurationOrOff("1s", "30d"), null,
            "New connections are refused once gale-lb was gone, or without quorum, this long; established ones go on.")
        { DefaultText = "\"off\"" };

        public static readonly ConfigurationKey<ImmutableArray<ushort>> ProtectedPorts = new("protected_ports",
            ValueKinds.ListOf(ValueKinds.Port, "a list of ports as [22, 443]"), [22],
            "Ports of this machine that no service may take.")
        { DefaultText = "[22]" };

        public static readonly ConfigurationKey<string> PinPath = new("pin_path", TextKinds.DirectoryPath, "/sys/fs/bpf/gale-lb",
            "A directory under bpffs; each member pins its programs and maps below it by its id.")
        { DefaultText = "\"/sys/fs/bpf/gale-lb\"" };

        public static readonly ConfigurationKey<bool> ClampMss = new("clamp_mss", ValueKinds.Boolean, false,
            "Whether L4 lowers the segment size that each side announces in its SYN to what the interface towards it takes. Without it, too large packets are "
            + "answered by ICMP errors.")
        { DefaultText = "false" };

        public static readonly ConfigurationSection Section = new("data_plane", Repeated: false,
            "How the kernel forwards on this replica. Replicas may differ in it.",
            [Mode, EstablishedFlows, HalfOpenFlows, SourceNat, SourceAddresses, OnNodeFailure, OnNoNodes, OnExit, DeadMan, ProtectedPorts, PinPath, ClampMss]);
    }

    public static class FlowTimeouts
    {
        public static readonly ConfigurationKey<TimeSpan> TcpHalfOpen =
            Timeout("tcp_half_open", "30s", "A handshake that was not finished.");

        public static readonly ConfigurationKey<TimeSpan> TcpEstablished =
            Timeout("tcp_established", "2h4m", "An idle connection. The default is the least that RFC 5382 allows, so that TCP keepalive works.");

        public static readonly ConfigurationKey<TimeSpan> TcpClosing = Timeout("tcp_closing", "2m", "After the first FIN.");

        public static readonly ConfigurationKey<TimeSpan> TcpTimeWait = Timeout("tcp_time_wait", "1m", "After both sides closed.");

        public static readonly ConfigurationKey<TimeSpan> TcpReset = Timeout("tcp_reset", "10s", "After a RST.");

        public static readonly ConfigurationKey<TimeSpan> Udp =
            Timeout("udp", "2m", "An idle UDP flow that was answered. The default is the least that RFC 4787 allows.");

        public static readonly ConfigurationKey<TimeSpan> UdpOneWay = Timeout("udp_one_way", "30s", "A UDP flow that was not answered.");

        public static readonly ConfigurationSection Section = new("data_plane.timeouts", Repeated: false,
            "Silence after which a connection is forgotten, by its state.",
            [TcpHalfOpen, TcpEstablished, TcpClosing, TcpTimeWait, TcpReset, Udp, UdpOneWay]);

        private static ConfigurationKey<TimeSpan> Timeout(string name, string value, string description) =>
            new(name, ValueKinds.Duration("1s", "7d"), ValueKinds.ParseDuration(value), description) { DefaultText = $"\"{value}\"" };
    }
}
