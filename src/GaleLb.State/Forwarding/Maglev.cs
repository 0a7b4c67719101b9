using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;

namespace GaleLb.State.Forwarding;

/// <summary>A node's way through the slots: from <paramref name="Offset"/> (below the number of slots) by <paramref name="Skip"/> (from 1).</summary>
public readonly record struct MaglevPermutation(uint Offset, uint Skip);

/// <summary>What a ring sees of a node. Weight 0 gets no slot.</summary>
public readonly record struct MaglevNode(NodeIndex Index, MaglevPermutation Permutation, ushort Weight);

/// <summary>
/// The consistent hash of Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer" (NSDI 2016,
/// §3.4): nodes take turns, each taking the next free slot of its own permutation. Weights, in whole numbers, are a
/// matter of turns: in round r the heaviest node takes one, another one whenever r times its share of the heaviest
/// weight has grown by one.
/// </summary>
public static class Maglev
{
    /// <summary>Above this many visits (rounds times nodes) the next node to take a turn is looked up, not waited for.</summary>
    private const long VisitsMax = 1 << 21;

    /// <summary>The permutation of a name, by its hash alone: it stays the same whatever index the node gets.</summary>
    public static MaglevPermutation Permutation(string name, ulong hashSeed, int slots = ForwardingTable.RingSlots)
    {
        Span<byte> bytes = stackalloc byte[NameRules.NodeNameMax * 3];
        bytes = bytes[..Encoding.UTF8.GetBytes(name, bytes)];
        ulong offset = XxHash64.Of(bytes, hashSeed);
        ulong skip = XxHash64.Of(bytes, ~hashSeed);
        return new MaglevPermutation((uint)(offset % (ulong)slots), (uint)((skip % (ulong)(slots - 1)) + 1));
    }

    /// <summary>
    /// The ring of <paramref name="nodes"/>, whose order decides who takes the first turn: give them in ordinal order of
    /// their names. <paramref name="slots"/> is a prime. Empty when no node has weight.
    /// </summary>
    public static ImmutableArray<NodeIndex> Build(ReadOnlySpan<MaglevNode> nodes, int slots = ForwardingTable.RingSlots)
    {
        MaglevNode[] weighty = [.. nodes];
        weighty = Array.FindAll(weighty, n => n.Weight > 0);
        if (weighty.Length == 0)
            return [];
        uint heaviest = 0;
        ulong total = 0;
        foreach (MaglevNode node in weighty)
        {
            heaviest = Math.Max(heaviest, node.Weight);
            total += node.Weight;
        }

        ulong rounds = (((ulong)slots * heaviest) / total) + 1;
        MaglevSlots ring = new(weighty, slots);
        if (rounds * (ulong)weighty.Length <= VisitsMax)
            TakeTurnsByRound(ring, weighty, heaviest);
        else
            TakeTurnsByQueue(ring, weighty, heaviest);
        return ring.ToImmutable();
    }

    // A ring is some hundred thousand probes in one call: too long to wait for the tiers of the JIT.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TakeTurnsByRound(MaglevSlots ring, MaglevNode[] nodes, uint heaviest)
    {
        uint[] credit = new uint[nodes.Length];
        while (true)
        {
            for (int i = 0; i < nodes.Length; i++)
            {
                uint sum = credit[i] + nodes[i].Weight;
                if (sum < heaviest)
                {
                    credit[i] = sum;
                    continue;
                }

                credit[i] = sum - heaviest;
                if (!ring.TakeTurn(i))
                    return;
            }
        }
    }

    /// <summary>The same turns in the same order, for many light nodes beside a heavy one: a queue by round, then by node.</summary>
    private static void TakeTurnsByQueue(MaglevSlots ring, MaglevNode[] nodes, uint heaviest)
    {
        PriorityQueue<int, ulong> queue = new(nodes.Length);
        ulong[] turns = new ulong[nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
            queue.Enqueue(i, Due(i));
        while (queue.TryPeek(out int node, out _) && ring.TakeTurn(node))
            queue.DequeueEnqueue(node, Due(node));

        // Turn k of weight w comes in the first round r with r·w ≥ k·heaviest.
        ulong Due(int i)
        {
            turns[i]++;
            ulong round = ((turns[i] * heaviest) + nodes[i].Weight - 1) / nodes[i].Weight;
            return (round << 16) | (uint)i;
        }
    }
}
