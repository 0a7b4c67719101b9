using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Which side a packet came in on.</summary>
public enum GaleTraceSide : byte
{
    Public = 0,
    Private = 1,
}

/// <summary>Value of trace_filter: a packet is told of that has all of this.</summary>
[StructLayout(LayoutKind.Explicit, Size = 56)]
public record struct GaleTraceFilter
{
    /// <summary>Bits by <see cref="GaleReason"/>: its reason or its answer is among them.</summary>
    [FieldOffset(0)] public ulong Reasons;

    /// <summary>With its mask the range that one of the packet's four addresses is in.</summary>
    [FieldOffset(8)] public GaleAddress Address;
    [FieldOffset(24)] public GaleAddress Mask;
    [FieldOffset(40)] public uint ServiceId;
    [FieldOffset(44)] public uint NodeIndex;

    /// <summary>Of those that match, each CPU tells of one in so many.</summary>
    [FieldOffset(48)] public uint OneIn;

    /// <summary>One of the packet's four ports; 0: any.</summary>
    [FieldOffset(52)] public Be16 Port;

    /// <summary>0: any.</summary>
    [FieldOffset(54)] public byte Protocol;
}

/// <summary>A record of traces: one packet, as it came and left.</summary>
[StructLayout(LayoutKind.Explicit, Size = 112)]
public record struct GaleTrace
{
    /// <summary>CLOCK_MONOTONIC.</summary>
    [FieldOffset(0)] public ulong AtNs;
    [FieldOffset(8)] public GaleFlowKey Came;

    /// <summary>Zero when nothing was sent.</summary>
    [FieldOffset(48)] public GaleFlowKey Left;
    [FieldOffset(88)] public uint Length;
    [FieldOffset(92)] public uint Ifindex;
    [FieldOffset(96)] public uint ServiceId;
    [FieldOffset(100)] public uint NodeIndex;

    /// <summary>XDP_* on the public side, TC_ACT_* on the private one.</summary>
    [FieldOffset(104)] public uint Verdict;
    [FieldOffset(108)] public GaleTraceSide Side;
    [FieldOffset(109)] public GaleReason Reason;

    /// <summary>Counted besides; <see cref="NoReason"/> for none.</summary>
    [FieldOffset(110)] public GaleReason Answer;
    [FieldOffset(111)] public byte TcpFlags;

    public const GaleReason NoReason = (GaleReason)32;
}

/// <summary>Value of trace_scratch, by CPU.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public record struct GaleTraceScratch
{
    /// <summary>The last packet, told of or not.</summary>
    [FieldOffset(0)] public GaleTrace Packet;
    [FieldOffset(112)] public ulong Matched;

    /// <summary>Not told of, because traces was full.</summary>
    [FieldOffset(120)] public ulong Lost;
}
