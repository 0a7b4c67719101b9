using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Flows;

/// <summary>Reads flows for people.</summary>
internal static class FlowListing
{
    public static ImmutableArray<FlowRow> Read(FlowTable table, FlowFilter filter, int limit, uint nowMs)
    {
        ImmutableArray<FlowRow>.Builder rows = ImmutableArray.CreateBuilder<FlowRow>();
        using IDisposable held = table.Hold();
        for (int set = 0; set < table.Sets && rows.Count < limit; set++)
        {
            for (int slot = 0; slot < GaleLimit.FlowSlots && rows.Count < limit; slot++)
            {
                if (table.TryRead(set, slot, out GaleFlowKey key, out GaleFlow flow)
                    && flow.Direction == GaleFlowDirection.Forward && filter.Matches(key, flow))
                {
                    rows.Add(Describe(table, key, flow, nowMs));
                }
            }
        }

        return rows.ToImmutable();
    }

    public static FlowRow? Find(FlowTable table, Protocol protocol, IPEndPoint client, IPEndPoint service, uint nowMs)
    {
        GaleFlowKey key = new()
        {
            Source = GaleAddress.From(client.Address),
            Destination = GaleAddress.From(service.Address),
            SourcePort = new Be16((ushort)client.Port),
            DestinationPort = new Be16((ushort)service.Port),
            Protocol = (byte)protocol,
        };
        using IDisposable held = table.Hold();
        return table.TryLookUp(key, out GaleFlow flow) && flow.Direction == GaleFlowDirection.Forward ? Describe(table, key, flow, nowMs) : null;
    }

    private static FlowRow Describe(FlowTable table, in GaleFlowKey key, in GaleFlow flow, uint nowMs)
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
