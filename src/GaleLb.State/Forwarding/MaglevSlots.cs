using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GaleLb.State.Forwarding;

/// <summary>A ring being filled: which slots are taken, and where each node stands in its permutation.</summary>
internal sealed class MaglevSlots
{
    private readonly NodeIndex[] _slots;
    // A bit a slot: the whole of it stays in the first-level cache while slots are probed.
    private readonly ulong[] _taken;
    private readonly uint[] _next;
    private readonly MaglevNode[] _nodes;
    private int _free;

    public MaglevSlots(MaglevNode[] nodes, int slots)
    {
        _nodes = nodes;
        _slots = new NodeIndex[slots];
        _taken = new ulong[(slots + 63) / 64];
        _next = Array.ConvertAll(nodes, n => n.Permutation.Offset);
        _free = slots;
    }

    /// <summary>Gives the node its next free slot; false when that was the last one of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TakeTurn(int node)
    {
        uint slots = (uint)_slots.Length;
        uint skip = _nodes[node].Permutation.Skip;
        uint slot = _next[node];
        ulong[] taken = _taken;
        while ((taken[slot >> 6] >> (int)(slot & 63) & 1) != 0)
            slot = Step(slot, skip, slots);
        taken[slot >> 6] |= 1UL << (int)(slot & 63);
        _slots[slot] = _nodes[node].Index;
        _next[node] = Step(slot, skip, slots);
        return --_free > 0;
    }

    public ImmutableArray<NodeIndex> ToImmutable() => ImmutableCollectionsMarshal.AsImmutableArray(_slots);

    private static uint Step(uint slot, uint skip, uint slots)
    {
        uint next = slot + skip;
        return next >= slots ? next - slots : next;
    }
}
