using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Flows;

/// <summary>The kernel's table of flows, read in its memory: see bpf/galelb_flow_table.h, which this mirrors. May be read from any thread.</summary>
/// <param name="memory">Of the map flows; whoever reads holds it.</param>
/// <param name="seed">As config has it.</param>
internal sealed class FlowTable(BpfMappedArray memory, uint seed)
{
    private const double SettledShare = 0.5;
    private const double WholeShare = 0.8;
    private const int HalvesPerFlow = 2;
    private const ulong Multiplier = 0x9e3779b97f4a7c15;
    private const ushort HalfOpenRank = 0x8000;

    public int Sets => memory.Count;

    /// <summary>
    /// So many sets that of settled flows in full number all but a few in ten thousand find room, and half-open ones besides. Halves
    /// spread over sets as chance has it, and what a set lacks another cannot lend.
    /// </summary>
    public static uint SetsFor(uint established, uint halfOpen) =>
        (uint)Math.Ceiling(HalvesPerFlow * Math.Max(established / SettledShare, ((double)established + halfOpen) / WholeShare) / GaleLimit.FlowSlots);

    public IDisposable Hold() => memory.Hold();

    /// <summary>Reads a slot. False when it is free or just being replaced.</summary>
    public bool TryRead(int set, int slot, out GaleFlowKey key, out GaleFlow flow)
    {
        ref GaleFlowSet found = ref At(set);
        if (found.Tag[slot] != 0) return TryCopy(ref found.Slot[slot], out key, out flow);
        key = default;
        flow = default;
        return false;
    }

    public bool TryLookUp(in GaleFlowKey key, out GaleFlow flow)
    {
        (int set, ushort tag) = Place(key, Sets, seed);
        ref GaleFlowSet found = ref At(set);
        for (int slot = 0; slot < GaleLimit.FlowSlots; slot++)
        {
            if (found.Tag[slot] == tag && TryCopy(ref found.Slot[slot], out GaleFlowKey has, out flow) && has == key) return true;
        }

        flow = default;
        return false;
    }

    /// <summary>Puts a half where programs find it, while none of them writes.</summary>
    /// <exception cref="InvalidOperationException">Its set is full.</exception>
    public void Put(in GaleFlowKey key, in GaleFlow flow)
    {
        (int number, ushort tag) = Place(key, Sets, seed);
        ref GaleFlowSet set = ref At(number);
        int slot = SlotOf(ref set, key);
        if (slot < 0) slot = ((ReadOnlySpan<ushort>)set.Tag)[..GaleLimit.FlowSlots].IndexOf((ushort)0);
        if (slot < 0) throw new InvalidOperationException($"set {number} is full");
        set.Slot[slot].Key = key;
        set.Slot[slot].Flow = flow;
        set.Rank[slot] = IsHalfOpen(flow.State) ? (ushort)(HalfOpenRank | ((flow.LastSeenMs >> 5) & 0x7fff)) : (ushort)0;
        set.Tag[slot] = tag;
    }

    /// <summary>Takes a half out, while no program writes. False when there is none.</summary>
    public bool Remove(in GaleFlowKey key)
    {
        ref GaleFlowSet set = ref At(Place(key, Sets, seed).Set);
        int slot = SlotOf(ref set, key);
        if (slot < 0) return false;
        set.Tag[slot] = 0;
        return true;
    }

    /// <summary>Such a half may be pushed out by a new one.</summary>
    public static bool IsHalfOpen(GaleFlowState state) => state is <= GaleFlowState.SynReceived or GaleFlowState.UdpOneWay;

    private static (int Set, ushort Tag) Place(in GaleFlowKey key, int sets, uint seed)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<GaleFlowKey>(in key));
        ulong a = Take(Take(seed, Word(bytes, 0)), Word(bytes, 2)), b = Take(Take(~(ulong)seed, Word(bytes, 1)), Word(bytes, 3));
        ulong hash = Take(Take(a, b), Word(bytes, 4));
        return ((int)((hash >> 32) * (uint)sets >> 32), (ushort)Math.Max(hash & 0xffff, 1));
    }

    /// <summary>Where the key is while no program writes, or -1.</summary>
    private static int SlotOf(ref GaleFlowSet set, in GaleFlowKey key)
    {
        for (int slot = 0; slot < GaleLimit.FlowSlots; slot++)
        {
            if (set.Tag[slot] != 0 && set.Slot[slot].Key == key) return slot;
        }

        return -1;
    }

    private static ulong Word(ReadOnlySpan<byte> key, int number) => BinaryPrimitives.ReadUInt64LittleEndian(key[(number * sizeof(ulong))..]);

    private static ulong Take(ulong hash, ulong word)
    {
        hash = unchecked((hash ^ word) * Multiplier);
        return hash ^ (hash >> 32);
    }

    private static bool TryCopy(ref GaleFlowSlot slot, out GaleFlowKey key, out GaleFlow flow)
    {
        uint version = Volatile.Read(ref slot.Version);
        key = slot.Key;
        flow = slot.Flow;
        Interlocked.MemoryBarrier();
        return (version & 1) == 0 && Volatile.Read(ref slot.Version) == version;
    }

    private ref GaleFlowSet At(int set) => ref Unsafe.As<byte, GaleFlowSet>(ref MemoryMarshal.GetReference(memory.Element(set)));
}
