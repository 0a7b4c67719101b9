using System.Collections.Immutable;
using System.Net;
using GaleLb.Raft;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests.Support;

/// <summary>Hand-made tables.</summary>
internal static class Tables
{
    public static ForwardingTable Of(
        ulong index, IEnumerable<ServiceRow> services, IEnumerable<RingRow> rings, IEnumerable<NodeRow> nodes) =>
        new(new LogIndex(index), [.. services], [.. rings], [.. nodes]) { Digest = $"digest-{index}" };

    public static NodeRow Node(int index, IPAddress address, uint generation = 1, NodeFlows flows = NodeFlows.Keep, ushort port = 0) =>
        new(new NodeIndex((ushort)index), new Generation(generation), $"node-{index}", address, port, flows);

    public static ServiceRow Service(int id, IPAddress? address, ushort port, uint? ring, ushort targetPort = Lab.TargetPort) => new(
        new ServiceId((ushort)id), $"service-{id}", address, port, Protocol.Tcp, ForwardingMode.L4, HashPolicy.FiveTuple, targetPort,
        ring is null ? null : new RingId(ring.Value));

    /// <summary>A ring whose slots go round the given nodes.</summary>
    public static RingRow Ring(uint id, params int[] nodes)
    {
        NodeIndex[] slots = new NodeIndex[ForwardingTable.RingSlots];
        for (int i = 0; i < slots.Length; i++) slots[i] = new NodeIndex((ushort)nodes[i % nodes.Length]);
        return new RingRow(new RingId(id), ImmutableArray.Create(slots));
    }

    /// <summary>One service of self over both nodes of the lab.</summary>
    public static ForwardingTable TwoNodes(ulong index = 1) => Of(
        index, [Service(0, null, Lab.ServicePort, 0)], [Ring(0, 0, 1)], [Node(0, Lab.NodeOne), Node(1, Lab.NodeTwo)]);
}
