using System.Collections.Immutable;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Tracing;
using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane;

/// <summary>
/// What forwards packets on this replica. Every member is thread-safe; <see cref="Apply"/> calls run one after the other.
/// Disposing releases this process's handles and leaves forwarding as it is, as a crash would; <see cref="Stop"/> first ends it in order.
/// </summary>
public interface IDataPlane : IDisposable
{
    DataPlaneStatus Status { get; }

    /// <summary>
    /// Makes the kernel forward by a table: only what differs is written. When it returns, every new packet sees the new table.
    /// </summary>
    /// <exception cref="DataPlaneException">The kernel refused; the former table goes on where the change had not reached, and a repeated call completes it.</exception>
    ApplyResult Apply(ForwardingTable table);

    Counters ReadCounters();

    /// <summary>What this replica dropped of a blocked range's packets since it was blocked; zeros of one that is not.</summary>
    BlockCounter ReadBlock(ClientPrefix prefix);

    /// <summary>Flows as the kernel holds them now, in no order. A flow that begins or ends meanwhile may be missing.</summary>
    /// <param name="limit">How many at most.</param>
    ImmutableArray<FlowRow> ListFlows(FlowFilter filter, int limit);

    /// <summary>The flow that a client's packet belongs to; null when the kernel holds none.</summary>
    FlowRow? FindFlow(Protocol protocol, System.Net.IPEndPoint client, System.Net.IPEndPoint service);

    /// <summary>
    /// What the programs would decide about a client's packet, asked of themselves without a packet and without leaving a trace; null where no programs are.
    /// </summary>
    /// <param name="opening">Of TCP: a SYN, else an ACK of a connection that is open.</param>
    /// <exception cref="DataPlaneException">The kernel cannot be asked.</exception>
    PacketDecision? Explain(Protocol protocol, System.Net.IPEndPoint client, System.Net.IPEndPoint service, bool opening);

    /// <summary>Has the programs tell of packets until the trace is disposed of; null while another one runs.</summary>
    /// <exception cref="DataPlaneException">The kernel refused; forwarding is as it was.</exception>
    IPacketTrace? TryTrace(PacketFilter wanted);

    /// <summary>Says that the control plane is well: puts the dead man's deadline off. Without <see cref="DataPlaneOptions.DeadMan"/> nothing happens.</summary>
    void ConfirmControl();

    /// <summary>While on, new connections are refused as the dead man would; established ones go on.</summary>
    void RefuseNewFlows(bool on);

    /// <summary>Ends in order: detaches or keeps by <see cref="DataPlaneOptions.OnExit"/>.</summary>
    void Stop();
}

/// <summary>What an <see cref="IDataPlane.Apply"/> did.</summary>
/// <param name="Operations">Map elements written or deleted; 0 when the kernel already was as it should.</param>
public sealed record ApplyResult(LogIndex Index, string Digest, int Operations, TimeSpan Duration, ImmutableArray<string> Warnings);

/// <param name="Attached">Every program is where it should be.</param>
/// <param name="Mode">The mode of the public interface.</param>
/// <param name="AppliedIndex">The index of the last table applied by this process; null before the first.</param>
/// <param name="Warnings">One sentence each, for people.</param>
public sealed record DataPlaneStatus(
    bool Attached, XdpMode Mode, ImmutableArray<InterfaceStatus> Interfaces, LogIndex? AppliedIndex, string? TableDigest,
    ImmutableArray<NextHopStatus> NextHops, ImmutableArray<string> Warnings);

public enum InterfaceRole : byte
{
    Public = 0,
    Private = 1,
    Both = 2,
}

/// <param name="Mode">Native, Generic or Off.</param>
/// <param name="Attached">Its programs are where they should be.</param>
public sealed record InterfaceStatus(string Name, int Ifindex, InterfaceRole Role, XdpMode Mode, bool Attached);

/// <summary>This replica's way to a node.</summary>
/// <param name="Problem">Why there is none; null when resolved.</param>
public sealed record NextHopStatus(NodeIndex Node, string Name, bool Resolved, string? Problem);

/// <summary>What the programs counted since they were first attached.</summary>
public sealed record Counters(
    ImmutableArray<ReasonCounter> Reasons, ImmutableArray<NodeCounter> Nodes, ImmutableArray<ServiceCounter> Services, SweeperCounters Sweeper);

/// <param name="Reason">In snake case, as <c>forwarded_l4</c> or <c>drop_no_nodes</c>.</param>
public sealed record ReasonCounter(string Reason, ulong Packets, ulong Bytes);

public readonly record struct BlockCounter(ulong Packets, ulong Bytes);

public sealed record TrafficCounter(
    ulong Connections, ulong PacketsToNode, ulong BytesToNode, ulong PacketsFromNode, ulong BytesFromNode, ulong Refused);

public sealed record NodeCounter(NodeIndex Node, string Name, TrafficCounter Traffic);

public sealed record ServiceCounter(ServiceId Service, string Name, TrafficCounter Traffic);

/// <param name="Flows">Flows in the table as of the last whole sweep.</param>
/// <param name="Expired">Flows deleted because their timeout had passed.</param>
/// <param name="Orphans">Halves deleted because their other half had gone.</param>
public readonly record struct SweeperCounters(long Flows, long HalfOpen, long Expired, long Orphans, long Sweeps);

/// <summary>One flow through this replica.</summary>
/// <param name="State">In snake case, as <c>established</c>.</param>
/// <param name="Idle">Since the last packet of either side.</param>
public sealed record FlowRow(
    Protocol Protocol, System.Net.IPEndPoint Client, System.Net.IPEndPoint Service, System.Net.IPEndPoint Source, System.Net.IPEndPoint Node,
    NodeIndex NodeIndex, ServiceId ServiceId, string State, TimeSpan Age, TimeSpan Idle);
