using System.Collections.Immutable;
using System.Runtime.InteropServices;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Planning;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Kernel;

/// <summary>The maps of the loaded programs, typed; carries out plans and reads back what the maps hold.</summary>
internal sealed class KernelMaps(BpfObject obj) : IDisposable
{
    private const int NotSupported = 524; // ENOTSUPP, the kernel's own

    /// <summary>Tables, the dead man and the next hops' thread each change a part of the one element: nobody takes another lock inside of it.</summary>
    private readonly Lock configuring = new();

    public BpfMap Services { get; } = obj.OpenMap("services");

    public BpfMap Rings { get; } = obj.OpenMap("rings");

    public BpfMap Nodes { get; } = obj.OpenMap("nodes");

    public BpfMap NextHops { get; } = obj.OpenMap("next_hops");

    public BpfMap Flows { get; } = obj.OpenMap("flows");

    public BpfMap Sweep { get; } = obj.OpenMap("sweep");

    public BpfMap Blocks { get; } = obj.OpenMap("blocks");

    public BpfMap BlockStats { get; } = obj.OpenMap("block_stats");

    public BpfMap ControlPorts { get; } = obj.OpenMap("control_ports");

    public BpfMap DeadMan { get; } = obj.OpenMap("dead_man");

    public BpfMap Config { get; } = obj.OpenMap("config");

    public BpfMap Stats { get; } = obj.OpenMap("stats");

    public BpfMap NodeStats { get; } = obj.OpenMap("node_stats");

    public BpfMap ServiceStats { get; } = obj.OpenMap("service_stats");

    /// <summary>Carries out steps in their order, neighbours of one kind in one call, and records each in the image.</summary>
    public void Execute(ImmutableArray<MapOperation> plan, MapImage image, long nowMs)
    {
        for (int at = 0; at < plan.Length;)
        {
            int end = at + 1;
            while (end < plan.Length && plan[end].GetType() == plan[at].GetType() && !IsSamePlace(plan[end - 1], plan[end])) end++;
            ReadOnlySpan<MapOperation> run = plan.AsSpan()[at..end];
            ExecuteRun(run);
            foreach (MapOperation operation in run) image.Record(operation, nowMs);
            at = end;
        }
    }

    /// <summary>Reads what an earlier process left. A ring that this process may not open counts as unknown, which equals no wanted ring.</summary>
    public MapImage ReadImage(long nowMs)
    {
        MapImage image = new();
        foreach ((GaleServiceKey key, GaleService value) in ReadAll<GaleServiceKey, GaleService>(Services)) image.Services[key] = value;
        foreach ((uint index, GaleNode node) in ReadAll<uint, GaleNode>(Nodes)) image.Nodes[index] = node;
        HashSet<uint> named = [.. image.Services.Values.Select(s => s.Ring)];
        for (uint slot = 0; slot < Rings.Info.MaxEntries; slot++)
        {
            if (!Rings.TryLookUp(slot, out uint mapId)) continue;
            if (named.Contains(slot)) image.Rings[new RingSlot((int)slot)] = ReadRing(mapId);
            else image.Retired[new RingSlot((int)slot)] = nowMs;
        }

        ReadBlocks(image);
        image.BlocksEnforced = Config.TryLookUp(0u, out GaleConfig config) && config.Flags.HasFlag(GaleConfigFlag.Blocks);
        return image;
    }

    public void WriteNextHops(ImmutableArray<(NodeIndex Node, GaleNextHop Value)> changed) =>
        NextHops.UpdateBatch<uint, GaleNextHop>(
            [.. changed.Select(c => (uint)c.Node.Value)], [.. changed.Select(c => c.Value)]);

    /// <summary>Gives the memory of retired rings back.</summary>
    public void ReleaseRings(IReadOnlyCollection<RingSlot> slots)
    {
        uint[] keys = [.. slots.Select(s => (uint)s.Value)];
        if (keys.Length == 0) return;
        try
        {
            Rings.DeleteBatch<uint>(keys);
        }
        catch (BpfException e) when (e.Errno is NotSupported or Errno.EOPNOTSUPP)
        {
            foreach (uint key in keys) Rings.Delete(key);
        }
    }

    public void Dispose()
    {
        foreach (BpfMap map in new[]
                 {
                     Services, Rings, Nodes, NextHops, Flows, Sweep, Blocks, BlockStats, ControlPorts, DeadMan, Config, Stats, NodeStats, ServiceStats,
                 })
        {
            map.Dispose();
        }
    }

    private static bool IsSamePlace(MapOperation first, MapOperation second) =>
        first is WriteNode a && second is WriteNode b && a.Index == b.Index;

    private static IEnumerable<(TKey Key, TValue Value)> ReadAll<TKey, TValue>(BpfMap map)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        TKey[] keys = new TKey[4096];
        TValue[] values = new TValue[keys.Length];
        BpfBatchCursor cursor = new();
        while (!cursor.AtEnd)
        {
            int count = map.LookUpBatch<TKey, TValue>(cursor, keys, values);
            for (int i = 0; i < count; i++) yield return (keys[i], values[i]);
        }
    }

    private static ImmutableArray<NodeIndex> ReadRing(uint mapId)
    {
        try
        {
            using BpfMap ring = BpfMap.OpenById(mapId);
            using BpfMappedArray memory = ring.MapMemory();
            return [.. MemoryMarshal.Cast<byte, NodeIndex>(memory.Bytes)[..GaleLimit.RingSlots]];
        }
        catch (BpfException e) when (e.Errno is Errno.EPERM or Errno.ENOENT)
        {
            return [];
        }
    }

    private void ExecuteRun(ReadOnlySpan<MapOperation> run)
    {
        switch (run[0])
        {
            case WriteRing:
                WriteRings(run);
                break;
            case WriteNode:
                WriteElements<uint, GaleNode>(Nodes, run, o => (((WriteNode)o).Index.Value, ((WriteNode)o).Value));
                break;
            case ClearNextHop:
                WriteElements<uint, GaleNextHop>(NextHops, run, o => (((ClearNextHop)o).Index.Value, default));
                break;
            case WriteService:
                WriteElements(Services, run, o => (((WriteService)o).Key, ((WriteService)o).Value));
                break;
            case RemoveService:
                Services.DeleteBatch<GaleServiceKey>([.. run.ToArray().Select(o => ((RemoveService)o).Key)]);
                break;
            case WriteBlock:
                // One by one: batches of this kind of map came after 5.10.
                foreach (MapOperation operation in run) Write((WriteBlock)operation);
                break;
            case RemoveBlock:
                foreach (MapOperation operation in run) Blocks.Delete(((RemoveBlock)operation).Key);
                break;
            case EnforceBlocks enforce:
                SetFlag(GaleConfigFlag.Blocks, enforce.On);
                break;
            case RetireRing:
                break;
            default:
                throw new ArgumentException($"unknown operation {run[0]}", nameof(run));
        }
    }

    /// <summary>An earlier version wrote one number for all ranges: those that share a place get one of their own.</summary>
    private void ReadBlocks(MapImage image)
    {
        HashSet<uint> places = [];
        List<GaleBlockKey> shared = [];
        foreach (GaleBlockKey key in Blocks.Keys<GaleBlockKey>())
        {
            if (Blocks.TryLookUp(key, out uint place) && place < GaleLimit.BlocksMax && places.Add(place)) image.Blocks[key] = new BlockPlace((int)place);
            else shared.Add(key);
        }

        uint next = 0;
        foreach (GaleBlockKey key in shared)
        {
            while (!places.Add(next)) next++;
            image.Blocks[key] = new BlockPlace((int)next);
            Write(new WriteBlock(key, image.Blocks[key]));
        }
    }

    private void Write(WriteBlock block)
    {
        uint place = (uint)block.Place.Value;
        BlockStats.UpdateBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in place)), new byte[BlockStats.UserValueSize]);
        Blocks.Update(block.Key, place);
    }

    /// <summary>Sets one flag of the configuration that is in force.</summary>
    public void SetFlag(GaleConfigFlag flag, bool on) =>
        ChangeConfig(config => config with { Flags = on ? config.Flags | flag : config.Flags & ~flag });

    /// <summary>Sets the MTU of the public interface in the configuration that is in force.</summary>
    public void SetPublicMtu(uint mtu) => ChangeConfig(config => config with { PublicMtu = mtu });

    private void ChangeConfig(Func<GaleConfig, GaleConfig> change)
    {
        lock (configuring)
        {
            Config.TryLookUp(0u, out GaleConfig config);
            Config.Update(0u, change(config));
        }
    }

    private static void WriteElements<TKey, TValue>(BpfMap map, ReadOnlySpan<MapOperation> run, Func<MapOperation, (TKey Key, TValue Value)> element)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        TKey[] keys = new TKey[run.Length];
        TValue[] values = new TValue[run.Length];
        for (int i = 0; i < run.Length; i++) (keys[i], values[i]) = element(run[i]);
        map.UpdateBatch<TKey, TValue>(keys, values);
    }

    /// <summary>
    /// Fills the inner maps through memory and puts all of them in place in one call: one by one, each waits for all readers of the kernel.
    /// </summary>
    private void WriteRings(ReadOnlySpan<MapOperation> run)
    {
        List<BpfMap> inner = [];
        try
        {
            uint[] slots = new uint[run.Length];
            int[] descriptors = new int[run.Length];
            for (int i = 0; i < run.Length; i++)
            {
                WriteRing ring = (WriteRing)run[i];
                BpfMap map = BpfMap.Create(
                    BpfMapType.Array, "ring", sizeof(uint), GaleLimit.RingSlots * sizeof(ushort), 1, BpfMap.Mmapable);
                inner.Add(map);
                using (BpfMappedArray memory = map.MapMemory()) MemoryMarshal.AsBytes(ring.Nodes.AsSpan()).CopyTo(memory.Bytes);
                slots[i] = (uint)ring.Slot.Value;
                descriptors[i] = map.Fd.Number;
            }

            try
            {
                Rings.UpdateBatch<uint, int>(slots, descriptors);
            }
            catch (BpfException e) when (e.Errno is NotSupported or Errno.EOPNOTSUPP)
            {
                // Before 5.19 maps of maps know no batches.
                for (int i = 0; i < slots.Length; i++) Rings.UpdateInner(slots[i], inner[i]);
            }
        }
        finally
        {
            inner.ForEach(m => m.Dispose());
        }
    }
}
