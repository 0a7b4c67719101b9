using System.Collections.Immutable;
using GaleLb.DataPlane.Layout;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Planning;

/// <summary>One step of a plan. Each is atomic for packets; their order is what keeps a packet from seeing a mixture.</summary>
public abstract record MapOperation;

/// <summary>From now on a client of this range gets no service, once <see cref="EnforceBlocks"/> says that there are some.</summary>
/// <param name="Place">Where its packets are counted, from 0 again.</param>
public sealed record WriteBlock(GaleBlockKey Key, BlockPlace Place) : MapOperation;

public sealed record RemoveBlock(GaleBlockKey Key) : MapOperation;

/// <summary>Tells the programs whether there are blocks, so that without any no packet pays for a look.</summary>
public sealed record EnforceBlocks(bool On) : MapOperation;

/// <summary>Fills a new inner map and puts it at a slot that no service names.</summary>
public sealed record WriteRing(RingSlot Slot, ImmutableArray<NodeIndex> Nodes) : MapOperation;

/// <summary>Writes a node, or with a value of zeros takes it away.</summary>
public sealed record WriteNode(NodeIndex Index, GaleNode Value) : MapOperation;

/// <summary>Forgets how to reach the former holder of a node's place.</summary>
public sealed record ClearNextHop(NodeIndex Index) : MapOperation;

public sealed record WriteService(GaleServiceKey Key, GaleService Value) : MapOperation;

public sealed record RemoveService(GaleServiceKey Key) : MapOperation;

/// <summary>No service names the slot any more; packets in flight may for a moment.</summary>
public sealed record RetireRing(RingSlot Slot) : MapOperation;
