using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Key of flows and half_open: the packet as it arrives on its side.</summary>
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
