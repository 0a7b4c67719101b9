using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace GaleLb.State.Forwarding;

/// <summary>A ring being filled: which slots are taken, and where each node stands in its permutation.</summary>
internal sealed class MaglevSlots
{
    private readonly NodeIndex[] _slots;
    private readonly bool[] _taken;
    private readonly uint[] _next;
    private readonly MaglevNode[] _nodes;
    private int _free;

    public MaglevSlots(MaglevNode[] nodes, int slots)
    {
        _nodes = nodes;
        _slots = new NodeIndex[slots];
        _taken = new bool[slots];
        _next = Array.ConvertAll(nodes, n => n.Permutation.Offset);
        _free = slots;
    }

    /// <summary>Gives the node its next free slot; false when that was the last one of all.</summary>
    public bool TakeTurn(int node)
    {
        uint slots = (uint)_slots.Length;
        uint skip = _nodes[node].Permutation.Skip;
        uint slot = _next[node];
        while (_taken[slot])
            slot = Step(slot, skip, slots);
        _taken[slot] = true;
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
