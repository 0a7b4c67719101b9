using System.Collections.Immutable;
using System.Net;

namespace GaleLb.Configuration.Options;

public enum XdpMode
{
    /// <summary>Native where the driver has it, else generic with a warning.</summary>
    Auto,
    Native,
    Generic,

    /// <summary>No XDP: clients' packets are seen in TC, several merged ones at once.</summary>
    Tc,

    /// <summary>No program is attached: the replica decides but does not forward.</summary>
    Off,
}

/// <summary>What the next packet of a flow meets once its node is given up.</summary>
public enum OnNodeFailure
{
    Reset,
    Drop,
}

/// <summary>What a new connection meets when its service has no node.</summary>
public enum OnNoNodes
{
    Reset,
    Drop,
}

/// <summary>What becomes of the kernel's programs when gale-lb is told to stop.</summary>
public enum OnExit
{
    Detach,
    Keep,
}

/// <summary>How the kernel forwards on this replica; nothing of it is shared with the others.</summary>
/// <param name="EstablishedFlows">Connections held at once; memory for them is taken at start.</param>
/// <param name="HalfOpenFlows">Unfinished handshakes and one-way UDP flows held at once; the oldest gives way.</param>
/// <param name="SourceNat">False keeps the client's address towards nodes that route back through this replica.</param>
/// <param name="SourceAddresses">Addresses that nodes see; empty: the private interface's.</param>
/// <param name="DeadMan">New connections are refused after the control plane was silent this long; null: never.</param>
/// <param name="ProtectedPorts">Ports that no service may take from this machine.</param>
/// <param name="PinPath">Directory under bpffs; each member pins below it by its id.</param>
/// <param name="ClampMss">Whether L4 lowers the MSS of both sides to what the way to them takes.</param>
public sealed record DataPlaneOptions(
    XdpMode XdpMode,
    int EstablishedFlows,
    int HalfOpenFlows,
    FlowTimeoutOptions Timeouts,
    bool SourceNat,
    ImmutableArray<IPAddress> SourceAddresses,
    OnNodeFailure OnNodeFailure,
    OnNoNodes OnNoNodes,
    OnExit OnExit,
    TimeSpan? DeadMan,
    ImmutableArray<ushort> ProtectedPorts,
    string PinPath,
    bool ClampMss = false);

/// <summary>Silence after which a flow is forgotten, by its state.</summary>
public sealed record FlowTimeoutOptions(
    TimeSpan TcpHalfOpen,
    TimeSpan TcpEstablished,
    TimeSpan TcpClosing,
    TimeSpan TcpTimeWait,
    TimeSpan TcpReset,
    TimeSpan Udp,
    TimeSpan UdpOneWay);
