using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Flows;

/// <summary>Reads flows for people.</summary>
internal static class FlowListing
{
    private const int StepSize = 1024;

    public static ImmutableArray<FlowRow> Read(IReadOnlyList<IFlowTable> tables, FlowFilter filter, int limit, uint nowMs)
    {
        ImmutableArray<FlowRow>.Builder rows = ImmutableArray.CreateBuilder<FlowRow>();
        GaleFlowKey[] keys = new GaleFlowKey[StepSize];
        GaleFlow[] values = new GaleFlow[StepSize];
        foreach (IFlowTable table in tables)
        {
            BpfBatchCursor cursor = new();
            while (!cursor.AtEnd && rows.Count < limit)
            {
                int count = table.LookUpBatch(cursor, keys, values);
                for (int i = 0; i < count && rows.Count < limit; i++)
                {
                    if (values[i].Direction == GaleFlowDirection.Forward && filter.Matches(keys[i], values[i])) rows.Add(Describe(table, keys[i], values[i], nowMs));
                }
            }
        }

        return rows.ToImmutable();
    }

    public static FlowRow? Find(IReadOnlyList<IFlowTable> tables, Protocol protocol, IPEndPoint client, IPEndPoint service, uint nowMs)
    {
        GaleFlowKey key = new()
        {
            Source = GaleAddress.From(client.Address),
            Destination = GaleAddress.From(service.Address),
            SourcePort = new Be16((ushort)client.Port),
            DestinationPort = new Be16((ushort)service.Port),
            Protocol = (byte)protocol,
        };
        foreach (IFlowTable table in tables)
        {
            if (table.TryLookUp(key, out GaleFlow flow) && flow.Direction == GaleFlowDirection.Forward) return Describe(table, key, flow, nowMs);
        }

        return null;
    }

    private static FlowRow Describe(IFlowTable table, in GaleFlowKey key, in GaleFlow flow, uint nowMs)
    {
        uint idle = Age(nowMs, flow.LastSeenMs);
        if (table.TryLookUp(flow.OtherHalf(key.Protocol), out GaleFlow other)) idle = Math.Min(idle, Age(nowMs, other.LastSeenMs));
        return new FlowRow(
            (Protocol)key.Protocol,
            new IPEndPoint(key.Source.ToIPAddress(), key.SourcePort.Host),
            new IPEndPoint(key.Destination.ToIPAddress(), key.DestinationPort.Host),
            new IPEndPoint(flow.Source.ToIPAddress(), flow.SourcePort.Host),
            new IPEndPoint(flow.Destination.ToIPAddress(), flow.DestinationPort.Host),
            new NodeIndex(flow.NodeIndex),
            new ServiceId(flow.ServiceId),
            SnakeCase.Of(flow.State),
            TimeSpan.FromMilliseconds(Age(nowMs, flow.CreatedMs)),
            TimeSpan.FromMilliseconds(idle));
    }

    /// <summary>A time stamp a moment ahead of ours is now.</summary>
    private static uint Age(uint nowMs, uint thenMs) => nowMs - thenMs < int.MaxValue ? nowMs - thenMs : 0;
}
