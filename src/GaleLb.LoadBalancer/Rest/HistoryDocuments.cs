namespace GaleLb.LoadBalancer.Rest;

// What differs between two states: log times, no wall times, and nothing of one replica alone.

/// <summary>What differs between the states of two indexes.</summary>
/// <param name="Slots">Ring slots that are another node's, by service.</param>
internal sealed record DifferencesDocument(
    ulong From, ulong To, string FromDigest, string ToDigest, IReadOnlyList<FieldDifferenceDocument> Settings, IReadOnlyList<ItemDifferenceDocument> Services,
    IReadOnlyList<ItemDifferenceDocument> Nodes, IReadOnlyList<ItemDifferenceDocument> Blacklist, IReadOnlyList<ItemDifferenceDocument> Blocks,
    IReadOnlyList<ImpactDocument> Slots);

/// <summary>Null where that state has no such value.</summary>
internal sealed record FieldDifferenceDocument(string Field, string? From, string? To);

/// <param name="Change">"added", "removed" or "changed".</param>
internal sealed record ItemDifferenceDocument(string Id, string Change, IReadOnlyList<FieldDifferenceDocument> Fields);
