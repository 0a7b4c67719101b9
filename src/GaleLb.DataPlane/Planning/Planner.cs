using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GaleLb.DataPlane.Layout;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Planning;

/// <summary>
/// Computes the steps from what the maps hold to what a table asks. Pure. The order of the steps is the contract:
/// <list type="number">
/// <item>new blocks, so that no client comes through between a range and the parts that take its place;</item>
/// <item>new rings, at slots that nothing names;</item>
/// <item>nodes that no ring in use names, and nodes that stay who they are;</item>
/// <item>a place whose holder changes while old and new rings both name it is emptied: for a moment its packets are dropped, never misled;</item>
/// <item>services, each a single write that moves it from its old ring to its new one;</item>
/// <item>the new holders of such places; nodes and services that are no more; rings that nothing names any more;</item>
/// <item>blocks that are no more.</item>
/// </list>
/// </summary>
public static class Planner
{
    private const byte Icmp = 1;
    private const byte IcmpV6 = 58;
    private static readonly bool[] NoNode = new bool[ushort.MaxValue + 1];

    /// <exception cref="PlanException">The table does not fit into the maps; nothing is to be done.</exception>
    /// <param name="image">What the maps hold; not changed here.</param>
    /// <param name="nowMs">On the same clock as the image's retirement times.</param>
    /// <param name="graceMs">How long after its retirement a slot is left alone.</param>
    public static ImmutableArray<MapOperation> Plan(MapImage image, ForwardingTable table, LocalBinding binding, long nowMs, long graceMs)
    {
        // Rented: an array of this size made anew for each entry would have the collector walk the whole heap several times a second.
        GaleNode[] rented = ArrayPool<GaleNode>.Shared.Rent(GaleLimit.NodesMax);
        try
        {
            Span<GaleNode> nodes = rented.AsSpan(0, GaleLimit.NodesMax);
            FillWantedNodes(table, nodes);
            return Plan(image, table, binding, nodes, nowMs, graceMs);
        }
        finally
        {
            ArrayPool<GaleNode>.Shared.Return(rented);
        }
    }

    private static ImmutableArray<MapOperation> Plan(
        MapImage image, ForwardingTable table, LocalBinding binding, ReadOnlySpan<GaleNode> nodes, long nowMs, long graceMs)
    {
        Dictionary<RingId, RingSlot> slots = PlaceRings(image, table, nowMs, graceMs, out List<WriteRing> newRings);
        SortedDictionary<GaleServiceKey, GaleService> services = WantedServices(table, binding, slots);

        List<int> changed = Differences(nodes, image.Nodes);
        bool someHolderChanges = false;
        foreach (int i in changed) someHolderChanges |= image.Nodes[i] != default && nodes[i].IsOtherThan(image.Nodes[i]);
        bool[] namedBefore = someHolderChanges ? NamedNodes(image.Rings.Values) : NoNode;
        bool[] namedAfter = someHolderChanges ? NamedNodes(table.Rings.Where(r => slots.ContainsKey(r.Id)).Select(r => r.Slots)) : NoNode;

        (List<MapOperation> before, List<MapOperation> unblock) = PlanBlocks(image, table);
        before.AddRange(newRings);
        List<MapOperation> after = [];
        foreach (int i in changed)
            PlanNode(new NodeIndex((ushort)i), image.Nodes[i], nodes[i], namedBefore[i], namedAfter[i], before, after);

        foreach ((GaleServiceKey key, GaleService value) in services)
        {
            if (!image.Services.TryGetValue(key, out GaleService present) || present != value) before.Add(new WriteService(key, value));
        }

        foreach (GaleServiceKey key in image.Services.Keys)
        {
            if (!services.ContainsKey(key)) after.Insert(0, new RemoveService(key));
        }

        HashSet<RingSlot> used = [.. slots.Values];
        foreach (RingSlot slot in image.Rings.Keys)
        {
            if (!used.Contains(slot)) after.Add(new RetireRing(slot));
        }

        return [.. before, .. after, .. unblock];
    }

    private static (List<MapOperation> Block, List<MapOperation> Unblock) PlanBlocks(MapImage image, ForwardingTable table)
    {
        if (table.Blocks.Length > GaleLimit.BlocksMax)
            throw new PlanException($"{table.Blocks.Length} blocked client ranges, the map holds {GaleLimit.BlocksMax}");
        HashSet<GaleBlockKey> wanted = [.. table.Blocks.Select(GaleBlockKey.From)];
        List<RemoveBlock> gone = [.. image.Blocks.Keys.Where(key => !wanted.Contains(key)).Select(key => new RemoveBlock(key))];
        List<GaleBlockKey> added = [.. wanted.Where(key => !image.Blocks.ContainsKey(key))];

        // Old and new ranges together may not fit: then as many old ones as it takes go first, and leave their places.
        int excess = Math.Max(0, image.Blocks.Count + added.Count - GaleLimit.BlocksMax);
        List<MapOperation> block = [.. gone.Take(excess)];
        HashSet<BlockPlace> taken = [.. image.Blocks.Values];
        foreach (RemoveBlock early in gone.Take(excess)) taken.Remove(image.Blocks[early.Key]);
        int next = 0;
        foreach (GaleBlockKey key in added)
        {
            while (taken.Contains(new BlockPlace(next))) next++;
            block.Add(new WriteBlock(key, new BlockPlace(next++)));
        }

        List<MapOperation> unblock = [.. gone.Skip(excess)];
        bool enforce = wanted.Count > 0;
        if (enforce && !image.BlocksEnforced) block.Add(new EnforceBlocks(true));
        if (!enforce && image.BlocksEnforced) unblock.Insert(0, new EnforceBlocks(false));
        return (block, unblock);
    }

    private static void PlanNode(
        NodeIndex index, GaleNode present, GaleNode wanted, bool namedBefore, bool namedAfter, List<MapOperation> before, List<MapOperation> after)
    {
        bool otherHolder = present.IsOtherThan(wanted);
        if (!otherHolder)
        {
            before.Add(new WriteNode(index, wanted));
            return;
        }

        bool gone = wanted == default;
        List<MapOperation> place = gone || namedBefore ? after : before;
        if (namedBefore && namedAfter && !gone) before.Add(new WriteNode(index, default));
        place.Add(new ClearNextHop(index));
        place.Add(new WriteNode(index, wanted));
    }

    /// <summary>Finds for each ring that a service names the slot with this content, or a free one.</summary>
    private static Dictionary<RingId, RingSlot> PlaceRings(
        MapImage image, ForwardingTable table, long nowMs, long graceMs, out List<WriteRing> newRings)
    {
        HashSet<RingId> named = [.. table.Services.Where(s => s.Ring is not null).Select(s => s.Ring!.Value)];
        ILookup<ulong, KeyValuePair<RingSlot, ImmutableArray<NodeIndex>>> present = image.Rings.ToLookup(r => ContentHash(r.Value));
        Dictionary<RingId, RingSlot> slots = [];
        newRings = [];
        int next = 0;
        foreach (RingRow ring in table.Rings)
        {
            if (!named.Contains(ring.Id)) continue;
            if (ring.Slots.Length != GaleLimit.RingSlots)
                throw new PlanException($"ring {ring.Id.Value} has {ring.Slots.Length} slots, not {GaleLimit.RingSlots}");

            RingSlot? found = null;
            foreach ((RingSlot slot, ImmutableArray<NodeIndex> content) in present[ContentHash(ring.Slots)])
            {
                if (Words(content).SequenceEqual(Words(ring.Slots))) found = slot;
            }

            if (found is null)
            {
                found = NextFree(image, ref next, nowMs, graceMs);
                newRings.Add(new WriteRing(found.Value, ring.Slots));
            }

            slots.Add(ring.Id, found.Value);
        }

        return slots;
    }

    private static RingSlot NextFree(MapImage image, ref int next, long nowMs, long graceMs)
    {
        for (; next < GaleLimit.RingsMax; next++)
        {
            RingSlot slot = new(next);
            if (image.Rings.ContainsKey(slot)) continue;
            if (image.Retired.TryGetValue(slot, out long since) && nowMs - since < graceMs) continue;
            next++;
            return slot;
        }

        throw new PlanException(
            $"no free ring: {GaleLimit.RingsMax} are in use or were until just now; services with the same nodes and weights share one");
    }

    private static SortedDictionary<GaleServiceKey, GaleService> WantedServices(
        ForwardingTable table, LocalBinding binding, Dictionary<RingId, RingSlot> slots)
    {
        SortedDictionary<GaleServiceKey, GaleService> services = [];
        foreach (ServiceRow row in table.Services)
        {
            uint ring = row.Ring is null ? GaleLimit.RingNone
                : slots.TryGetValue(row.Ring.Value, out RingSlot slot) ? (uint)slot.Value
                : throw new PlanException($"service {row.Name} names ring {row.Ring.Value.Value}, which the table does not have");
            GaleService value = new()
            {
                Ring = ring,
                PreviousRing = GaleLimit.RingNone,
                ServiceId = row.Id.Value,
                TargetPort = new Be16(row.TargetPort),
                Forwarding = (GaleForwarding)row.Forwarding,
                Hash = (GaleHash)row.Hash,
            };
            foreach (IPAddress address in row.Address is null ? binding.SelfAddresses : [row.Address])
            {
                GaleServiceKey key = new() { Address = GaleAddress.From(address), Port = new Be16(row.Port), Protocol = (byte)row.Protocol };
                if (!services.TryAdd(key, value))
                    throw new PlanException($"service {row.Name}: {address} port {row.Port} {row.Protocol} belongs to another service too");
                if (row.Address is not null) services.TryAdd(EchoKey(key.Address), EchoValue(value));
            }
        }

        return services.Count <= GaleLimit.ServicesMax
            ? services
            : throw new PlanException($"{services.Count} service addresses, the map holds {GaleLimit.ServicesMax}");
    }

    /// <summary>An address that only services have: nobody else would answer its ping. A self address is the kernel's own to answer.</summary>
    private static GaleServiceKey EchoKey(GaleAddress address) => new() { Address = address, Protocol = address.IsIPv4 ? Icmp : IcmpV6 };

    private static GaleService EchoValue(GaleService service) => new()
    {
        Ring = GaleLimit.RingNone,
        PreviousRing = GaleLimit.RingNone,
        ServiceId = service.ServiceId,
        Forwarding = service.Forwarding,
    };

    private static void FillWantedNodes(ForwardingTable table, Span<GaleNode> nodes)
    {
        nodes.Clear();
        foreach (NodeRow row in table.Nodes)
        {
            if (row.Index.Value >= nodes.Length)
                throw new PlanException($"node {row.Name} has index {row.Index.Value}, the map holds {nodes.Length}");
            nodes[row.Index.Value] = new GaleNode
            {
                Address = GaleAddress.From(row.Address),
                Generation = row.Generation.Value,
                Port = new Be16(row.Port),
                Flags = row.Flows == NodeFlows.Refuse ? GaleNodeFlag.Valid | GaleNodeFlag.Refuse : GaleNodeFlag.Valid,
            };
        }
    }

    /// <summary>Where two arrays of one length differ. Nearly all of them is equal nearly always, and is passed over by bytes.</summary>
    private static List<int> Differences(ReadOnlySpan<GaleNode> one, ReadOnlySpan<GaleNode> other)
    {
        List<int> places = [];
        for (int i = 0; i < one.Length; i++)
        {
            i += MemoryMarshal.AsBytes(one[i..]).CommonPrefixLength(MemoryMarshal.AsBytes(other[i..])) / Unsafe.SizeOf<GaleNode>();
            if (i < one.Length) places.Add(i);
        }

        return places;
    }

    private static bool[] NamedNodes(IEnumerable<ImmutableArray<NodeIndex>> rings)
    {
        bool[] named = new bool[ushort.MaxValue + 1];
        foreach (ImmutableArray<NodeIndex> ring in rings)
        {
            foreach (NodeIndex node in ring.AsSpan()) named[node.Value] = true;
        }

        return named;
    }

    private static ReadOnlySpan<ushort> Words(ImmutableArray<NodeIndex> ring) => MemoryMarshal.Cast<NodeIndex, ushort>(ring.AsSpan());

    /// <summary>FNV-1a over 64-bit words: only to find candidates, which are then compared in full.</summary>
    private static ulong ContentHash(ImmutableArray<NodeIndex> ring)
    {
        ulong hash = 14695981039346656037;
        foreach (ulong word in MemoryMarshal.Cast<NodeIndex, ulong>(ring.AsSpan())) hash = (hash ^ word) * 1099511628211;
        return hash;
    }
}

/// <summary>A table does not fit into the maps.</summary>
public sealed class PlanException(string message) : Exception(message);
