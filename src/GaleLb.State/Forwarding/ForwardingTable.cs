using System.Collections.Immutable;
using System.Net;
using GaleLb.Raft;
using GaleLb.State.Blocks;

namespace GaleLb.State.Forwarding;

public enum Protocol : byte
{
    Tcp = 6,
    Udp = 17,
}

public enum ForwardingMode : byte
{
    L4 = 0,
    L3 = 1,
    L2 = 2,
}

public enum HashPolicy : byte
{
    FiveTuple = 0,
    Source = 1,
}

/// <summary>A node's small number, given at registration and reused only with a higher generation: its place in the kernel's maps.</summary>
public readonly record struct NodeIndex(ushort Value);

/// <summary>Counts how often a <see cref="NodeIndex"/> or an address changed hands; a flow of an older generation is not this node's.</summary>
public readonly record struct Generation(uint Value);

/// <summary>A service's small number, given when it is added: its place in the kernel's maps.</summary>
public readonly record struct ServiceId(ushort Value);

/// <summary>
/// A ring's number, from 1, the lowest that neither the table before nor this one uses. Services with equal node set, weights
/// and seed share one; a changed ring has another number, so that a swap is a change of the service's row. A number may come
/// back later with other slots: who skipped tables in between compares the slots.
/// </summary>
public readonly record struct RingId(uint Value);

/// <summary>What a node's flows and its slots are to be, as far as the kernel must know.</summary>
public enum NodeFlows : byte
{
    /// <summary>Established flows go on. Whether new ones arrive is the ring's matter alone.</summary>
    Keep = 0,

    /// <summary>The node is given up (past flow_grace, removed or banned): the next packet of either side is answered by on_node_failure.</summary>
    Refuse = 1,
}

/// <summary>One node as the kernel needs it. <paramref name="Port"/> 0 means the service's target port.</summary>
public sealed record NodeRow(NodeIndex Index, Generation Generation, string Name, IPAddress Address, ushort Port, NodeFlows Flows);

/// <summary>
/// One (address, port, protocol) that is balanced. <paramref name="Address"/> null means <em>self</em>: each replica's own
/// public address, which is bound locally and so is not part of the table.
/// </summary>
public sealed record ServiceRow(
    ServiceId Id, string Name, IPAddress? Address, ushort Port, Protocol Protocol, ForwardingMode Forwarding, HashPolicy Hash,
    ushort TargetPort, RingId? Ring);

/// <summary>A Maglev ring: <see cref="ForwardingTable.RingSlots"/> slots (a prime), each holding a node.</summary>
public sealed record RingRow(RingId Id, ImmutableArray<NodeIndex> Slots);

/// <summary>
/// What every replica forwards by: a pure function of the log up to <see cref="Index"/>. Rows are in order of their ids.
/// </summary>
public sealed record ForwardingTable(
    LogIndex Index, ImmutableArray<ServiceRow> Services, ImmutableArray<RingRow> Rings, ImmutableArray<NodeRow> Nodes)
{
    public const int RingSlots = 65_537;
    public const int NodesMax = 16_384;

    /// <summary>The most rows of <see cref="Services"/>; their ids are from 1 to this.</summary>
    public const int ServicesMax = 512;

    /// <summary>Client ranges that get no service, in order of address and length.</summary>
    public ImmutableArray<ClientPrefix> Blocks { get; init; } = [];

    /// <summary>SHA-256 over the canonical encoding of the rows (not of <see cref="Index"/>), 64 hexadecimal digits.</summary>
    public required string Digest { get; init; }
}
