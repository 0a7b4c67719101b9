using System.Collections.Immutable;
using System.Net;

namespace GaleLb.DataPlane;

public enum XdpMode : byte
{
    /// <summary>Nothing is attached; tables are kept in memory only.</summary>
    Off = 0,

    /// <summary>Native where the driver can, generic with a warning else.</summary>
    Auto = 1,
    Native = 2,
    Generic = 3,

    /// <summary>No XDP at all: clients' packets are seen in TC.</summary>
    Tc = 4,
}

/// <summary>Where clients' packets are seen and sent on.</summary>
public enum PublicHook : byte
{
    /// <summary>In XDP: before the kernel makes a packet of what a card received.</summary>
    Xdp = 0,

    /// <summary>In TC at ingress: on an interface whose packets the kernel has made already (veth, a driver without XDP), several merged ones at once.</summary>
    Tc = 1,
}

/// <summary>What a client or node is told when there is no node for it, or its flow's node was given up.</summary>
public enum RefusalPolicy : byte
{
    Reset = 0,
    Drop = 1,
}

public enum ExitPolicy : byte
{
    /// <summary>Stopping takes programs, filters and pins away: the machine is as it was.</summary>
    Detach = 0,

    /// <summary>Stopping leaves them: forwarding goes on by the last table.</summary>
    Keep = 1,
}

/// <summary>A range of ports, both ends included.</summary>
public readonly record struct PortRange(ushort First, ushort Last)
{
    public int Count => Last - First + 1;

    public bool Contains(int port) => port >= First && port <= Last;

    public override string ToString() => $"{First}-{Last}";
}

/// <summary>How long a flow of each state may be idle.</summary>
/// <remarks>Established and UDP follow RFC 5382 (REQ-5) and RFC 4787 (REQ-5).</remarks>
public sealed record FlowTimeoutOptions
{
    public TimeSpan SynSent { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan SynReceived { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan Established { get; init; } = TimeSpan.FromMinutes(124);

    public TimeSpan Fin { get; init; } = TimeSpan.FromMinutes(4);

    public TimeSpan TimeWait { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan Closed { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan UdpOneWay { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan Udp { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>What the data plane of one replica is to be: the section [data_plane] with what the others bind locally.</summary>
public sealed record DataPlaneOptions
{
    /// <summary>Names the directory of pins, so that two instances do not collide.</summary>
    public required string MemberId { get; init; }

    public required string PublicInterface { get; init; }

    /// <summary>May equal <see cref="PublicInterface"/>.</summary>
    public required string PrivateInterface { get; init; }

    /// <summary>What a service address of <em>self</em> stands for; empty means every address of the public interface.</summary>
    public ImmutableArray<IPAddress> SelfAddresses { get; init; } = [];

    public XdpMode XdpMode { get; init; } = XdpMode.Auto;

    public PublicHook PublicHook => XdpMode == XdpMode.Tc ? PublicHook.Tc : PublicHook.Xdp;

    /// <summary>Connections held at once.</summary>
    public uint EstablishedFlows { get; init; } = 262_144;

    /// <summary>Unfinished handshakes and one-way UDP flows held at once; the oldest gives way.</summary>
    public uint HalfOpenFlows { get; init; } = 65_536;

    public FlowTimeoutOptions Timeouts { get; init; } = new();

    /// <summary>False: nodes see the client's address, and must route their answers through this replica.</summary>
    public bool SourceNat { get; init; } = true;

    /// <summary>L4: neither side announces a larger MSS than fits the way to it, by the next hop's MTU and the public interface's.</summary>
    public bool ClampMss { get; init; }

    /// <summary>At most 8 of each family; empty means the private interface's.</summary>
    public ImmutableArray<IPAddress> SourceAddresses { get; init; } = [];

    /// <summary>Source ports towards nodes; null: the widest range that nothing else on this machine uses.</summary>
    public PortRange? SourcePorts { get; init; }

    public RefusalPolicy OnNodeFailure { get; init; } = RefusalPolicy.Reset;

    public RefusalPolicy OnNoNodes { get; init; } = RefusalPolicy.Reset;

    /// <summary>For TCP segments that are no SYN and belong to no flow.</summary>
    public RefusalPolicy OnNoFlow { get; init; } = RefusalPolicy.Reset;

    public ExitPolicy OnExit { get; init; } = ExitPolicy.Detach;

    /// <summary>New connections are refused when <see cref="IDataPlane.ConfirmControl"/> was not called for so long; null: never.</summary>
    public TimeSpan? DeadMan { get; init; }

    /// <summary>Ports that win over services, TCP and UDP.</summary>
    public ImmutableArray<ushort> ProtectedPorts { get; init; } = [22];

    /// <summary>The replica's own TCP ports (node, api, load balancer).</summary>
    public ImmutableArray<ushort> ControlPorts { get; init; } = [];

    /// <summary>Ports of services known at start: source ports keep clear of them.</summary>
    public ImmutableArray<ushort> ServicePorts { get; init; } = [];

    /// <summary>The cluster's seed of the flow hash: with equal seeds every replica chooses the same slot for the same packet.</summary>
    public uint HashSeed { get; init; }

    /// <summary>A directory on a bpffs; null: /sys/fs/bpf/galelb/<see cref="MemberId"/>.</summary>
    public string? PinPath { get; init; }

    public string PinDirectory => PinPath ?? $"/sys/fs/bpf/galelb/{MemberId}";

    public bool OneInterface => PublicInterface == PrivateInterface;
}
