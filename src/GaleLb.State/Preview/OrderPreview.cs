using System.Collections.Immutable;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Rules;
using GaleLb.State.Services;

namespace GaleLb.State.Preview;

/// <summary>Slots of a service's ring that would go from one node to another; null is no node (the ring is empty).</summary>
public readonly record struct SlotMove(string? From, string? To, int Slots);

/// <summary>What an order would do to one service, largest moves first. <paramref name="Moved"/> of <paramref name="Slots"/> slots would change hands.</summary>
public sealed record ServiceImpact(string Service, int Moved, int Slots, ImmutableArray<SlotMove> Moves)
{
    /// <summary>In words: "12.4 % of slots of service web move: 8126 from node-2 to node-1, …".</summary>
    public override string ToString()
    {
        int permille = (int)(((long)Moved * 1000 + (Slots / 2)) / Slots);
        string moves = string.Join(", ", Moves.Select(m => $"{m.Slots} from {m.From ?? "no node"} to {m.To ?? "no node"}"));
        return $"{permille / 10}.{permille % 10} % of slots of service {Service} move: {moves}";
    }
}

/// <summary>
/// Tries an order on the present state without changing it: the answer it would get, and for each service whose ring
/// would change, how.
/// </summary>
public sealed record OrderPreview(CommandAnswer Answer, ImmutableArray<ServiceImpact> Impacts)
{
    public static OrderPreview Of(ClusterState state, CommandEnvelope order)
    {
        (ClusterState after, CommandAnswer answer) = CommandRules.Apply(state, state.AppliedIndex.Next(), order);
        return new OrderPreview(answer, Moves(state, after));
    }

    /// <summary>For each service whose ring is another in <paramref name="after"/>, the slots that change hands.</summary>
    internal static ImmutableArray<ServiceImpact> Moves(ClusterState before, ClusterState after)
    {
        ForwardingTableBuilder builder = new();
        SlotOwners owners = new(builder.Next(before));
        SlotOwners then = new(builder.Next(after));
        ImmutableArray<ServiceImpact>.Builder impacts = ImmutableArray.CreateBuilder<ServiceImpact>();
        foreach (string name in before.Services.Keys.Union(after.Services.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            ServiceRecord? from = before.FindService(name);
            ServiceRecord? to = after.FindService(name);

            // Not by the rings' numbers: between states far apart one may have come back for another ring.
            if (Input(from) != Input(to))
                impacts.Add(Compare(name, owners.Of(from?.Ring), then.Of(to?.Ring)));
        }

        return impacts.ToImmutable();
    }

    private static RingInput? Input(ServiceRecord? service) => service?.Ring is null ? null : service.RingInput;

    private static ServiceImpact Compare(string service, string?[] before, string?[] after)
    {
        SortedDictionary<(string From, string To), int> counts = new(MoveOrder.Instance);
        int moved = 0;
        for (int slot = 0; slot < before.Length; slot++)
        {
            if (before[slot] == after[slot])
                continue;
            moved++;
            (string, string) move = (before[slot] ?? "", after[slot] ?? "");
            counts[move] = counts.TryGetValue(move, out int count) ? count + 1 : 1;
        }

        return new ServiceImpact(service, moved, before.Length,
        [
            .. counts.Select(c => new SlotMove(NodeOrNull(c.Key.From), NodeOrNull(c.Key.To), c.Value)).OrderByDescending(m => m.Slots),
        ]);
    }

    private static string? NodeOrNull(string name) => name.Length == 0 ? null : name;
}

/// <summary>Orders moves by names, ordinal.</summary>
internal sealed class MoveOrder : IComparer<(string From, string To)>
{
    public static readonly MoveOrder Instance = new();

    public int Compare((string From, string To) x, (string From, string To) y)
    {
        int from = string.CompareOrdinal(x.From, y.From);
        return from != 0 ? from : string.CompareOrdinal(x.To, y.To);
    }
}

/// <summary>A table's rings by the names of the nodes, since an index may be another node's after the change.</summary>
internal sealed class SlotOwners(ForwardingTable table)
{
    private readonly string?[] _names = Names(table);

    public string?[] Of(RingId? ring)
    {
        string?[] owners = new string?[ForwardingTable.RingSlots];
        if (ring is null)
            return owners;
        foreach (RingRow row in table.Rings)
            if (row.Id == ring)
                for (int slot = 0; slot < owners.Length; slot++)
                    owners[slot] = _names[row.Slots[slot].Value];
        return owners;
    }

    private static string?[] Names(ForwardingTable table)
    {
        string?[] names = new string?[ForwardingTable.NodesMax];
        foreach (NodeRow node in table.Nodes)
            names[node.Index.Value] = node.Name;
        return names;
    }
}
