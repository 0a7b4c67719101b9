using System.Collections.Immutable;
using GaleLb.State.Forwarding;
using GaleLb.State.Services;

namespace GaleLb.State.Rules;

/// <summary>Gives ring numbers: equal input shares one, and no number of the table before is given to another input.</summary>
internal static class RingAssignment
{
    /// <summary>
    /// <paramref name="before"/> is the state before the entry, whose numbers are still in the kernel; the rings that the
    /// services of <paramref name="changed"/> leave go only when every service has its new one.
    /// </summary>
    public static ClusterState Assign(ClusterState before, ClusterState after, ImmutableSortedSet<string> changed)
    {
        if (changed.IsEmpty)
            return after;
        ImmutableSortedDictionary<RingInput, RingUse> rings = after.Rings;
        ImmutableSortedDictionary<string, ServiceRecord> services = after.Services;
        SortedSet<uint> taken = [.. before.Rings.Values.Select(r => r.Id.Value), .. rings.Values.Select(r => r.Id.Value)];
        List<RingInput> left = [];
        foreach (string name in changed)
        {
            ServiceRecord service = services[name];
            if (service.Ring is not null)
                left.Add(service.RingInput);
            RingId? ring = null;
            if (service.Input.Nodes > 0)
                rings = Acquire(rings, service.Input, taken, out ring);
            services = services.SetItem(name, service with { Ring = ring, RingInput = service.Input });
        }

        foreach (RingInput input in left)
            rings = Release(rings, input);
        return after with { Services = services, Rings = rings };
    }

    public static ImmutableSortedDictionary<RingInput, RingUse> Release(
        ImmutableSortedDictionary<RingInput, RingUse> rings, RingInput input)
    {
        RingUse use = rings[input];
        return use.Services == 1 ? rings.Remove(input) : rings.SetItem(input, use with { Services = use.Services - 1 });
    }

    private static ImmutableSortedDictionary<RingInput, RingUse> Acquire(
        ImmutableSortedDictionary<RingInput, RingUse> rings, RingInput input, SortedSet<uint> taken, out RingId? ring)
    {
        if (rings.TryGetValue(input, out RingUse use))
        {
            ring = use.Id;
            return rings.SetItem(input, use with { Services = use.Services + 1 });
        }

        uint id = 1;
        foreach (uint other in taken)
        {
            if (other != id)
                break;
            id++;
        }

        taken.Add(id);
        ring = new RingId(id);
        return rings.SetItem(input, new RingUse(new RingId(id), 1));
    }
}
