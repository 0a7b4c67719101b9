using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>What a half is found by: the packet as it arrives on its side.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public record struct GaleFlowKey
{
    [FieldOffset(0)] public GaleAddress Source;
    [FieldOffset(16)] public GaleAddress Destination;
    [FieldOffset(32)] public Be16 SourcePort;
    [FieldOffset(34)] public Be16 DestinationPort;
    [FieldOffset(36)] public byte Protocol;
}

/// <summary>One half of a flow: what the packet's addresses and ports become.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public record struct GaleFlow
{
    [FieldOffset(0)] public GaleAddress Source;
    [FieldOffset(16)] public GaleAddress Destination;
    [FieldOffset(32)] public Be16 SourcePort;
    [FieldOffset(34)] public Be16 DestinationPort;
    [FieldOffset(36)] public uint NodeGeneration;
    [FieldOffset(40)] public ushort NodeIndex;
    [FieldOffset(42)] public ushort ServiceId;

    /// <summary>CLOCK_MONOTONIC in ms, truncated: compare by unsigned subtraction.</summary>
    [FieldOffset(44)] public uint LastSeenMs;
    [FieldOffset(48)] public uint CreatedMs;
    [FieldOffset(52)] public GaleFlowState State;
    [FieldOffset(53)] public GaleFlowDirection Direction;
    [FieldOffset(54)] public byte FinClient;
    [FieldOffset(55)] public byte FinNode;
    [FieldOffset(56)] public uint AddressCsumDiff;
    [FieldOffset(60)] public uint PortCsumDiff;

    /// <summary>The key of the other half.</summary>
    public readonly GaleFlowKey OtherHalf(byte protocol) => new()
    {
        Source = Destination,
        Destination = Source,
        SourcePort = DestinationPort,
        DestinationPort = SourcePort,
        Protocol = protocol,
    };
}

/// <summary>A half in the table.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public struct GaleFlowSlot
{
    [FieldOffset(0)] public GaleFlowKey Key;
    [FieldOffset(40)] public GaleFlow Flow;

    /// <summary>Odd while key and flow are being replaced, and another one afterwards.</summary>
    [FieldOffset(104)] public uint Version;
}

/// <summary>Value of flows: a page of memory.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4096)]
public struct GaleFlowSet
{
    [FieldOffset(0)] public FlowSlots Slot;

    /// <summary>Of the key's hash; 0: the slot is free. There is no slot for the last.</summary>
    [FieldOffset(3968)] public FlowMarks Tag;

    /// <summary>0: settled; else 0x8000 and when last seen, in units of 32 ms.</summary>
    [FieldOffset(4032)] public FlowMarks Rank;
}

[InlineArray(GaleLimit.FlowSlots + 1)]
public struct FlowMarks
{
    private ushort first;
}

[InlineArray(GaleLimit.FlowSlots)]
public struct FlowSlots
{
    private GaleFlowSlot first;
}

/// <summary>Value of sweep: how far a walk over flows has come, and what it saw.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public record struct GaleSweep
{
    /// <summary>32 times the set, and the slot.</summary>
    [FieldOffset(0)] public ulong Next;

    /// <summary>Those that stay: settled,</summary>
    [FieldOffset(8)] public ulong Flows;
    [FieldOffset(16)] public ulong HalfOpen;

    /// <summary>Pairs that went.</summary>
    [FieldOffset(24)] public ulong Expired;

    /// <summary>Halves that went by themselves.</summary>
    [FieldOffset(32)] public ulong Orphans;
}
