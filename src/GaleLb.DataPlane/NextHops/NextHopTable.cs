using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Netlink;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.NextHops;

/// <summary>
/// What is known of routes, interfaces and neighbours, and what follows from it for each node. Pure: messages go in, changed values and probes
/// come out. Not thread-safe.
/// </summary>
/// <remarks>
/// Packets that the programs forward do not pass the kernel's neighbour table, so it may drop an entry that is in full use, and a flush marks every
/// entry as failed. A way that was good a moment ago is therefore kept for <see cref="HoldMs"/> while the kernel asks again.
/// </remarks>
public sealed class NextHopTable(ImmutableHashSet<IPAddress> natSources)
{
    /// <summary>Three probes a second apart, as the kernel asks.</summary>
    public const long HoldMs = 3_500;

    private readonly Dictionary<int, Link> links = [];
    private readonly Dictionary<NeighbourKey, Neighbour> neighbours = [];
    private readonly SortedDictionary<ushort, Entry> entries = [];

    /// <summary>True when a route, address or interface changed, so that every node's route has to be asked for again.</summary>
    public bool RoutesChanged { get; private set; } = true;

    public IEnumerable<NodeRow> Nodes => entries.Values.Select(e => e.Node);

    /// <summary>Null: there is no such interface, or the kernel did not say.</summary>
    public uint? MtuOf(int ifindex) => links.TryGetValue(ifindex, out Link? link) && link.Mtu != 0 ? link.Mtu : null;

    public bool HasUnresolved => entries.Values.Any(e => e.Resolution.Problem is not null || e.Resolution.IsAsking);

    /// <summary>Takes the nodes of a table. Returns those that are new or have another address: their routes are to be asked for.</summary>
    public ImmutableArray<NodeRow> SetNodes(ImmutableArray<NodeRow> nodes)
    {
        ImmutableArray<NodeRow>.Builder fresh = ImmutableArray.CreateBuilder<NodeRow>();
        HashSet<ushort> present = [];
        foreach (NodeRow node in nodes)
        {
            present.Add(node.Index.Value);
            if (entries.TryGetValue(node.Index.Value, out Entry? entry) && entry.Node.Address.Equals(node.Address)
                && entry.Node.Generation == node.Generation)
            {
                entry.Node = node;
                continue;
            }

            entries[node.Index.Value] = new Entry(node);
            fresh.Add(node);
        }

        foreach (ushort index in entries.Keys.Where(i => !present.Contains(i)).ToArray()) entries.Remove(index);
        return fresh.ToImmutable();
    }

    /// <summary>Forgets interfaces and neighbours, before they are read anew.</summary>
    public void Clear()
    {
        links.Clear();
        neighbours.Clear();
        RoutesChanged = true;
    }

    /// <summary>Follows one notification or one line of a dump.</summary>
    public void Follow(in NetlinkMessage message)
    {
        switch (message.Type)
        {
            case NetlinkType.NewLink when Link.Parse(message.Payload) is { } link:
                RoutesChanged |= !links.TryGetValue(link.Ifindex, out Link? known) || known != link;
                links[link.Ifindex] = link;
                break;
            case NetlinkType.DeleteLink when Link.Parse(message.Payload) is { } link:
                RoutesChanged |= links.Remove(link.Ifindex);
                break;
            case NetlinkType.NewNeighbour when Neighbour.Parse(message.Payload) is { } neighbour:
                neighbours[neighbour.Key] = neighbour;
                break;
            case NetlinkType.DeleteNeighbour when Neighbour.Parse(message.Payload) is { } neighbour:
                neighbours.Remove(neighbour.Key);
                break;
            case NetlinkType.NewRoute or NetlinkType.DeleteRoute or NetlinkType.NewAddress or NetlinkType.DeleteAddress:
                RoutesChanged = true;
                break;
            default:
                break;
        }
    }

    /// <summary>Takes what an earlier process left in the map for a node that is still the same: to be held until it is confirmed.</summary>
    public void Inherit(NodeIndex node, GaleNextHop value)
    {
        if (value.State == GaleNextHopState.Resolved && entries.TryGetValue(node.Value, out Entry? entry)) entry.Written = value;
    }

    /// <summary>Takes the kernel's answer for one node's address; null: there is no route.</summary>
    public void SetRoute(NodeIndex node, Route? route)
    {
        if (entries.TryGetValue(node.Value, out Entry? entry)) entry.Route = route;
    }

    public void RoutesRead() => RoutesChanged = false;

    /// <summary>Decides every node anew. Returns what changed in the map next_hops, and the neighbours to ask for.</summary>
    public (ImmutableArray<(NodeIndex Node, GaleNextHop Value)> Changed, ImmutableArray<NeighbourKey> Probes) Decide(long nowMs)
    {
        ImmutableArray<(NodeIndex, GaleNextHop)>.Builder changed = ImmutableArray.CreateBuilder<(NodeIndex, GaleNextHop)>();
        HashSet<NeighbourKey> probes = [];
        foreach (Entry entry in entries.Values)
        {
            NextHopResolution resolution = NextHopResolution.Decide(entry.Node.Address, entry.Route, links, neighbours, natSources);
            if (resolution.NeedsProbe && resolution.Neighbour is { } key) probes.Add(key);
            resolution = entry.Hold(resolution, nowMs);
            if (entry.Written != resolution.Value) changed.Add((entry.Node.Index, resolution.Value));
            entry.Resolution = resolution;
        }

        return (changed.ToImmutable(), [.. probes]);
    }

    /// <summary>Notes that the map holds a value, so that it is not written again.</summary>
    public void Written(NodeIndex node, GaleNextHop value)
    {
        if (entries.TryGetValue(node.Value, out Entry? entry)) entry.Written = value;
    }

    public ImmutableArray<NextHopStatus> Status() =>
        [.. entries.Values.Select(e => new NextHopStatus(e.Node.Index, e.Node.Name, e.Resolution.Problem is null, e.Resolution.Problem))];

    private sealed class Entry(NodeRow node)
    {
        public NodeRow Node { get; set; } = node;

        public Route? Route { get; set; }

        /// <summary>Null until this process has written or inherited: what an earlier one left may be another node's.</summary>
        public GaleNextHop? Written { get; set; }

        private long? AskingSinceMs { get; set; }

        public NextHopResolution Resolution { get; set; } = new(default, "not yet resolved", null, NeedsProbe: false);

        /// <summary>Keeps the way that was good a moment ago while the kernel asks.</summary>
        public NextHopResolution Hold(NextHopResolution resolution, long nowMs)
        {
            if (!resolution.IsAsking)
            {
                AskingSinceMs = null;
                return resolution;
            }

            AskingSinceMs ??= nowMs;
            return Written is { State: GaleNextHopState.Resolved } good && nowMs - AskingSinceMs < HoldMs
                ? resolution with { Value = good, Problem = null }
                : resolution;
        }
    }
}
