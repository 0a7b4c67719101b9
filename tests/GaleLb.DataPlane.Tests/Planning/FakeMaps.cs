using System.Collections.Immutable;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Planning;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tests.Planning;

/// <summary>The kernel's maps as packets see them: operations go in, and what a packet for a service would reach comes out.</summary>
internal sealed class FakeMaps
{
    /// <summary>The rings of these tests repeat after at most three slots, so this many show all there is to see.</summary>
    private const int SlotsSeen = 60;

    private readonly Dictionary<uint, ImmutableArray<NodeIndex>> rings = [];
    private readonly Dictionary<GaleServiceKey, GaleService> services = [];
    private readonly GaleNode[] nodes = new GaleNode[GaleLimit.NodesMax];
    private readonly GaleNode?[] hopOwners = new GaleNode?[GaleLimit.NodesMax];

    public IEnumerable<GaleServiceKey> Services => services.Keys;

    public HashSet<uint> EverRetired { get; } = [];

    public void Do(MapOperation operation)
    {
        switch (operation)
        {
            case WriteRing ring:
                services.Values.Should().NotContain(s => s.Ring == (uint)ring.Slot.Value, "a ring in use is never written");
                rings[(uint)ring.Slot.Value] = ring.Nodes;
                break;
            case WriteNode node:
                nodes[node.Index.Value] = node.Value;
                if (node.Value != default)
                {
                    GaleNode? owner = hopOwners[node.Index.Value];
                    (owner is null || !owner.Value.IsOtherThan(node.Value)).Should().BeTrue("a new holder must not inherit the old one's hop");
                    hopOwners[node.Index.Value] = node.Value;
                }

                break;
            case WriteBlock or RemoveBlock or EnforceBlocks:
                break;
            case ClearNextHop clear:
                hopOwners[clear.Index.Value] = null;
                break;
            case WriteService service:
                if (service.Value.Ring != GaleLimit.RingNone) rings.Should().ContainKey(service.Value.Ring);
                services[service.Key] = service.Value;
                break;
            case RemoveService service:
                services.Remove(service.Key).Should().BeTrue();
                break;
            case RetireRing ring:
                services.Values.Should().NotContain(s => s.Ring == (uint)ring.Slot.Value, "a ring in use is never retired");
                EverRetired.Add((uint)ring.Slot.Value);
                break;
            default:
                throw new ArgumentException(operation.ToString(), nameof(operation));
        }
    }

    /// <summary>Who gets the packets of each slot: null for no such service, an empty view for one without nodes.</summary>
    public GaleNode[]? View(GaleServiceKey key)
    {
        if (!services.TryGetValue(key, out GaleService service)) return null;
        return service.Ring == GaleLimit.RingNone ? [] : [.. rings[service.Ring].Take(SlotsSeen).Select(n => nodes[n.Value])];
    }

    public FakeMaps Copy()
    {
        FakeMaps copy = new();
        foreach ((uint slot, ImmutableArray<NodeIndex> ring) in rings) copy.rings[slot] = ring;
        foreach ((GaleServiceKey key, GaleService service) in services) copy.services[key] = service;
        nodes.CopyTo(copy.nodes, 0);
        hopOwners.CopyTo(copy.hopOwners, 0);
        return copy;
    }
}
