using System.Collections.Immutable;
using GaleLb.DataPlane.Layout;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Planning;

/// <summary>What the kernel's maps hold, as far as the table decides it. Kept beside the maps, or read back from them after a restart.</summary>
public sealed class MapImage
{
    public SortedDictionary<GaleServiceKey, GaleService> Services { get; } = [];

    public GaleNode[] Nodes { get; } = new GaleNode[GaleLimit.NodesMax];

    /// <summary>Rings that services name, or that a plan has just written.</summary>
    public SortedDictionary<RingSlot, ImmutableArray<NodeIndex>> Rings { get; } = [];

    /// <summary>In place of a time of retirement, and later than any, so that no grace is ever over: the slot is being emptied, and no plan may take it until it is.</summary>
    public const long Releasing = long.MaxValue;

    /// <summary>Slots that still hold a ring that packets in flight may see, with the time of their retirement in ms, or <see cref="Releasing"/>.</summary>
    public SortedDictionary<RingSlot, long> Retired { get; } = [];

    /// <summary>Client ranges that get no service, and where each is counted; no two at one place.</summary>
    public Dictionary<GaleBlockKey, BlockPlace> Blocks { get; } = [];

    /// <summary>The programs look into <see cref="Blocks"/>.</summary>
    public bool BlocksEnforced { get; set; }

    /// <summary>Follows one operation that the kernel has taken.</summary>
    public void Record(MapOperation operation, long nowMs)
    {
        switch (operation)
        {
            case WriteRing ring:
                Retired.Remove(ring.Slot);
                Rings[ring.Slot] = ring.Nodes;
                break;
            case WriteNode node:
                Nodes[node.Index.Value] = node.Value;
                break;
            case WriteService service:
                Services[service.Key] = service.Value;
                break;
            case RemoveService service:
                Services.Remove(service.Key);
                break;
            case RetireRing ring:
                Rings.Remove(ring.Slot);
                Retired[ring.Slot] = nowMs;
                break;
            case WriteBlock block:
                Blocks[block.Key] = block.Place;
                break;
            case RemoveBlock block:
                Blocks.Remove(block.Key);
                break;
            case EnforceBlocks enforce:
                BlocksEnforced = enforce.On;
                break;
            case ClearNextHop:
                break;
            default:
                throw new ArgumentException($"unknown operation {operation}", nameof(operation));
        }
    }
}
