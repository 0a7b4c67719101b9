using System.Collections.Immutable;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;

namespace GaleLb.State.Tests.Rules;

/// <summary>What holds in every state, recomputed the slow way.</summary>
internal static class StateInvariants
{
    /// <summary>The histories under test have at most so many services at once.</summary>
    private const int ServicesMost = 4;

    public static void Check(ClusterState before, ClusterState after)
    {
        CheckTally(after);
        CheckPlaces(before, after);
        CheckRings(before, after);
        CheckBlacklist(after);
    }

    private static void CheckTally(ClusterState state)
    {
        NodeRecord[] nodes = [.. state.Nodes.Values];
        int Count(NodeState of) => nodes.Count(n => n.State == of);
        NodeTally expected = new(
            nodes.Length, Count(NodeState.Probing), Count(NodeState.Routable), Count(NodeState.Draining), Count(NodeState.Blacklisted),
            Count(NodeState.Down), nodes.Count(n => n.IsSuspect), nodes.Count(n => n.InRing));
        if (state.Tally != expected)
            Assert.Fail($"tally {state.Tally} but {expected}");
    }

    private static void CheckPlaces(ClusterState before, ClusterState after)
    {
        NodePlace[] held = [.. after.Nodes.Values.Where(n => n.Place is not null).Select(n => n.Place!)];
        NodePlace[] all = [.. held, .. after.Retired.Values.Select(r => r.Place)];
        Assert.Equal(all.Length, all.Select(p => p.Index).Distinct().Count());
        Assert.Equal(all.Length, all.Select(p => p.Generation).Distinct().Count());
        Assert.Equal(all.Length, all.Select(p => p.Address).Distinct().Count());
        Assert.Equal(
            after.Nodes.Values.Where(n => n.Place is not null).OrderBy(n => IpKey.Of(n.Place!.Address)).Select(n => n.Name),
            after.AddressHolders.Values);

        // A place is new under a generation above every one before, or is what it was.
        NodePlace[] old = [.. before.Nodes.Values.Where(n => n.Place is not null).Select(n => n.Place!), .. before.Retired.Values.Select(r => r.Place)];
        uint highest = old.Length == 0 ? 0 : old.Max(p => p.Generation.Value);
        foreach (NodePlace place in all)
            if (!old.Contains(place) && place.Generation.Value <= highest)
                Assert.Fail($"{place} is new and not above generation {highest}");
    }

    private static void CheckRings(ClusterState before, ClusterState after)
    {
        foreach (ServiceRecord service in after.Services.Values)
        {
            string[] members = Members(after, service.Name);
            Assert.Equal(members.Length, service.Input.Nodes);
            Assert.Equal(members.Length == 0, service.Ring is null);
            foreach (ServiceRecord other in after.Services.Values)
                if (service.Ring is not null)
                    Assert.Equal(members.SequenceEqual(Members(after, other.Name)), service.Ring == other.Ring);
            if (before.FindService(service.Name) is { Ring: not null } was && members.Length > 0)
                Assert.Equal(members.SequenceEqual(Members(before, service.Name)), was.Ring == service.Ring);
        }

        ImmutableSortedDictionary<uint, int> users = after.Services.Values.Where(s => s.Ring is not null)
            .GroupBy(s => s.Ring!.Value.Value).ToImmutableSortedDictionary(g => g.Key, g => g.Count());
        Assert.Equal(users, after.Rings.Values.ToImmutableSortedDictionary(r => r.Id.Value, r => r.Services));
        Assert.All(users.Keys, id => Assert.InRange(id, 1u, 2u * ServicesMost));

        // In two tables that follow each other a number stands for one content.
        foreach ((RingInput input, RingUse use) in after.Rings)
            Assert.DoesNotContain(before.Rings, r => r.Value.Id == use.Id && r.Key != input);
    }

    private static void CheckBlacklist(ClusterState state)
    {
        foreach (NodeRecord node in state.Nodes.Values)
            Assert.Equal(state.Blacklist.ContainsKey(node.Name), node.Phase == NodePhase.Blacklisted);
        Assert.All(state.Nodes.Values, n => Assert.True(n.Phase == NodePhase.Down == (n.DownReason != DownReason.None), n.ToString()));
        Assert.All(state.Nodes.Values, n => Assert.True(!n.IsSuspect || n.Phase == NodePhase.Routable, n.ToString()));
    }

    /// <summary>Everything that a ring sees of each node in it.</summary>
    private static string[] Members(ClusterState state, string service) =>
    [
        .. state.Nodes.Values
            .Where(n => n.Phase == NodePhase.Routable && !n.Draining && n.Place is not null && n.EffectiveWeight > 0 && n.Serves(service))
            .Select(n => $"{n.Name} {n.Place!.Index.Value} {n.EffectiveWeight}"),
    ];
}
