using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Value of stats on one CPU.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public record struct GaleCounter
{
    [FieldOffset(0)] public ulong Packets;
    [FieldOffset(8)] public ulong Bytes;
}

/// <summary>Value of node_stats and service_stats on one CPU. Bytes are of the IP packet.</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
public record struct GaleTraffic
{
    [FieldOffset(0)] public ulong Connections;
    [FieldOffset(8)] public ulong PacketsToNode;
    [FieldOffset(16)] public ulong BytesToNode;
    [FieldOffset(24)] public ulong PacketsFromNode;
    [FieldOffset(32)] public ulong BytesFromNode;

    /// <summary>New flows that were not taken.</summary>
    [FieldOffset(40)] public ulong Refused;
}
