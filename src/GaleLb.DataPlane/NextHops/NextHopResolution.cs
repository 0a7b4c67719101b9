using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Netlink;

namespace GaleLb.DataPlane.NextHops;

/// <summary>How one node is reached from this replica, as far as the kernel knows by now.</summary>
/// <param name="Value">What goes into the map next_hops; unresolved where <paramref name="Problem"/> says why.</param>
/// <param name="Neighbour">The entry on which it depends; null where there is no way at all.</param>
/// <param name="NeedsProbe">The kernel should be asked to resolve or confirm that entry.</param>
/// <param name="IsAsking">There is a way, but the kernel has not heard from the neighbour, or no longer remembers it.</param>
public sealed record NextHopResolution(GaleNextHop Value, string? Problem, NeighbourKey? Neighbour, bool NeedsProbe, bool IsAsking = false)
{
    /// <summary>Decides from routes, interfaces and neighbours. Pure.</summary>
    /// <param name="route">The kernel's answer for the address; null when it has none.</param>
    /// <param name="natSources">Addresses that may be the source of translated packets.</param>
    public static NextHopResolution Decide(
        IPAddress node, Route? route, IReadOnlyDictionary<int, Link> links, IReadOnlyDictionary<NeighbourKey, Neighbour> neighbours,
        ImmutableHashSet<IPAddress> natSources)
    {
        if (route is null) return Unreachable($"no route to {node}");
        if (route.Type == RouteType.Local) return Unreachable($"{node} is an address of this machine");
        if (route.Type != RouteType.Unicast) return Unreachable($"the route to {node} is {route.Type.ToString().ToLowerInvariant()}");
        if (!links.TryGetValue(route.Ifindex, out Link? link)) return Unreachable($"the route to {node} names interface {route.Ifindex}, which is gone");
        if (!link.IsUp) return Unreachable($"interface {link.Name} towards {node} is down");
        if (link.Mac.IsZero) return Unreachable($"interface {link.Name} towards {node} is not Ethernet");

        NeighbourKey key = new(link.Ifindex, route.Gateway ?? node);
        neighbours.TryGetValue(key, out Neighbour? neighbour);
        if (neighbour is not { IsUsable: true })
        {
            string via = route.Gateway is null ? "" : $" (gateway of {node})";
            return new NextHopResolution(
                default, $"{key.Address}{via} does not answer on {link.Name}", key, NeedsProbe: true,
                IsAsking: true);
        }

        (Link device, byte tags, VlanTags2 vlan) = Unwrap(link, links);
        GaleNextHop value = new()
        {
            Ifindex = (uint)device.Ifindex,
            Mtu = Math.Min(route.Mtu ?? link.Mtu, link.Mtu),
            DestinationMac = neighbour.Mac!.Value,
            SourceMac = link.Mac,
            State = GaleNextHopState.Resolved,
            VlanCount = tags,
            VlanTci = vlan,
            SourceAddress = route.PreferredSource is { } source && natSources.Contains(source) ? GaleAddress.From(source) : default,
        };
        return new NextHopResolution(value, null, key, neighbour.IsStale);
    }

    /// <summary>A VLAN interface cannot be redirected to from XDP on every driver: the frame goes to the device below it, with the tags.</summary>
    private static (Link Device, byte Tags, VlanTags2 Vlan) Unwrap(Link link, IReadOnlyDictionary<int, Link> links)
    {
        if (link.VlanId == 0 || !links.TryGetValue(link.Parent, out Link? parent)) return (link, 0, default);
        Be16 inner = new(link.VlanId);
        if (parent.VlanId != 0 && links.TryGetValue(parent.Parent, out Link? trunk))
            return (trunk, 2, new VlanTags2(new Be16(parent.VlanId), inner));
        return (parent, 1, new VlanTags2(inner, default));
    }

    private static NextHopResolution Unreachable(string problem) => new(default, problem, null, NeedsProbe: false);
}
