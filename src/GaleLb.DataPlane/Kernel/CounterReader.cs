using System.Collections.Immutable;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Kernel;

/// <summary>Adds the programs' per-CPU counters up.</summary>
internal static class CounterReader
{
    public static Counters Read(KernelMaps maps, ForwardingTable? table, SweeperCounters sweeper)
    {
        ImmutableArray<ReasonCounter> reasons = [.. Enum.GetValues<GaleReason>().Select(r => ReadReason(maps.Stats, r))];
        if (table is null) return new Counters(reasons, [], [], sweeper);
        return new Counters(
            reasons,
            [.. table.Nodes.Select(n => new NodeCounter(n.Index, n.Name, ReadTraffic(maps.NodeStats, n.Index.Value)))],
            [.. table.Services.Select(s => new ServiceCounter(s.Id, s.Name, ReadTraffic(maps.ServiceStats, s.Id.Value)))],
            sweeper);
    }

    /// <summary>Of a range that is not blocked here, or not yet, zeros.</summary>
    public static BlockCounter ReadBlock(KernelMaps maps, ClientPrefix prefix)
    {
        // A trie finds the longest entry that covers a key; of a range that is an entry, itself.
        if (!maps.Blocks.TryLookUp(GaleBlockKey.From(prefix), out uint place)) return default;
        (ulong packets, ulong bytes) = ReadSum(maps.BlockStats, place);
        return new BlockCounter(packets, bytes);
    }

    private static ReasonCounter ReadReason(BpfMap stats, GaleReason reason)
    {
        (ulong packets, ulong bytes) = ReadSum(stats, (uint)reason);
        return new ReasonCounter(SnakeCase.Of(reason), packets, bytes);
    }

    private static (ulong Packets, ulong Bytes) ReadSum(BpfMap map, uint index)
    {
        GaleCounter[] values = new GaleCounter[BpfObject.PossibleCpus];
        map.TryLookUpPerCpu(index, values.AsSpan());
        ulong packets = 0, bytes = 0;
        foreach (GaleCounter value in values)
        {
            packets += value.Packets;
            bytes += value.Bytes;
        }

        return (packets, bytes);
    }

    private static TrafficCounter ReadTraffic(BpfMap map, uint index)
    {
        GaleTraffic[] values = new GaleTraffic[BpfObject.PossibleCpus];
        map.TryLookUpPerCpu(index, values.AsSpan());
        GaleTraffic sum = default;
        foreach (GaleTraffic value in values)
        {
            sum.Connections += value.Connections;
            sum.PacketsToNode += value.PacketsToNode;
            sum.BytesToNode += value.BytesToNode;
            sum.PacketsFromNode += value.PacketsFromNode;
            sum.BytesFromNode += value.BytesFromNode;
            sum.Refused += value.Refused;
        }

        return new TrafficCounter(
            sum.Connections, sum.PacketsToNode, sum.BytesToNode, sum.PacketsFromNode, sum.BytesFromNode, sum.Refused);
    }
}
