using System.Collections.Immutable;
using GaleLb.State.Preview;
using GaleLb.State.Settings;

namespace GaleLb.State.History;

/// <summary>Whether a thing is in the second state alone, in the first alone, or in both and not the same.</summary>
public enum Change : byte
{
    Added,
    Removed,
    Changed,
}

/// <summary>One field's value in either state; null where the state has none.</summary>
public readonly record struct FieldDifference(string Field, string? From, string? To);

/// <summary>A node, service, ban or block that differs, with the fields in which it does.</summary>
public sealed record ItemDifference(string Id, Change Change, ImmutableArray<FieldDifference> Fields);

/// <summary>
/// What differs between two states of one cluster, in words of the configuration and the REST API; lists are in the order of their
/// keys. Index, log time, events and remembered answers differ always and are left out.
/// </summary>
/// <param name="Settings">Those of the cluster: in force, of the baseline and staged.</param>
/// <param name="Slots">Ring slots that are another node's.</param>
public sealed record StateDifference(
    ImmutableArray<FieldDifference> Settings, ImmutableArray<ItemDifference> Services, ImmutableArray<ItemDifference> Nodes,
    ImmutableArray<ItemDifference> Blacklist, ImmutableArray<ItemDifference> Blocks, ImmutableArray<ServiceImpact> Slots)
{
    public static StateDifference Between(ClusterState from, ClusterState to) => new(
        Fields(StateFields.Of(from), StateFields.Of(to)),
        Items(from.Services, to.Services, StateFields.Of),
        Items(from.Nodes, to.Nodes, StateFields.Of),
        Items(from.Blacklist, to.Blacklist, StateFields.Of),
        Items(from.Blocks, to.Blocks, StateFields.Of),
        OrderPreview.Moves(from, to));

    private static ImmutableArray<ItemDifference> Items<TKey, TValue>(
        ImmutableSortedDictionary<TKey, TValue> from, ImmutableSortedDictionary<TKey, TValue> to, Func<TValue, List<Setting>> fields)
        where TKey : notnull
        where TValue : class
    {
        ImmutableArray<ItemDifference>.Builder differences = ImmutableArray.CreateBuilder<ItemDifference>();
        if (ReferenceEquals(from, to))
            return differences.ToImmutable();
        foreach (TKey key in from.Keys.Union(to.Keys).Order(from.KeyComparer))
        {
            TValue? before = from.GetValueOrDefault(key);
            TValue? after = to.GetValueOrDefault(key);
            if (ReferenceEquals(before, after))
                continue;
            ImmutableArray<FieldDifference> changed = Fields(before is null ? [] : fields(before), after is null ? [] : fields(after));
            if (!changed.IsEmpty)
                differences.Add(new ItemDifference(key.ToString()!, before is null ? Change.Added : after is null ? Change.Removed : Change.Changed, changed));
        }

        return differences.ToImmutable();
    }

    private static ImmutableArray<FieldDifference> Fields(List<Setting> from, List<Setting> to)
    {
        from.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        to.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return
        [
            .. SettingsDigest.Compare([.. from], [.. to]).Select(d => new FieldDifference(d.Key, d.Ours, d.Theirs)),
        ];
    }
}
