using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Value of config: what may change at run time.</summary>
[StructLayout(LayoutKind.Explicit, Size = 320)]
public struct GaleConfig
{
    [FieldOffset(0)] public GaleConfigFlag Flags;
    [FieldOffset(4)] public uint HashSeed;
    [FieldOffset(8)] public uint PublicIfindex;
    [FieldOffset(12)] public uint PrivateIfindex;

    /// <summary>NAT source ports, inclusive, host order.</summary>
    [FieldOffset(16)] public ushort PortFirst;
    [FieldOffset(18)] public ushort PortLast;
    [FieldOffset(20)] public GaleRefusal OnNodeFailure;
    [FieldOffset(21)] public GaleRefusal OnNoNodes;
    [FieldOffset(22)] public GaleRefusal OnNoFlow;
    [FieldOffset(23)] public byte SourceV4Count;
    [FieldOffset(24)] public byte SourceV6Count;

    /// <summary>By <see cref="GaleFlowState"/>; element 0 is unused.</summary>
    [FieldOffset(28)] public FlowTimeouts TimeoutMs;
    [FieldOffset(64)] public SourceAddresses SourceV4;
    [FieldOffset(192)] public SourceAddresses SourceV6;
}

[InlineArray(9)]
public struct FlowTimeouts
{
    private uint first;
}

[InlineArray(GaleLimit.SourcesMax)]
public struct SourceAddresses
{
    private GaleAddress first;
}
