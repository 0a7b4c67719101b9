using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Value of config: what may change at run time.</summary>
[StructLayout(LayoutKind.Explicit, Size = 364)]
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

    /// <summary>L3: this many low bits of the tunnel source vary by flow.</summary>
    [FieldOffset(25)] public byte TunnelBitsV4;
    [FieldOffset(26)] public byte TunnelBitsV6;

    /// <summary>Bytes: larger replies of a node are answered by a too-big error.</summary>
    [FieldOffset(28)] public uint PublicMtu;

    /// <summary>By <see cref="GaleFlowState"/>; element 0 is unused.</summary>
    [FieldOffset(32)] public FlowTimeouts TimeoutMs;

    /// <summary>Entries of flows; with <see cref="FlowSeed"/> what finds a flow.</summary>
    [FieldOffset(68)] public uint FlowSets;
    [FieldOffset(72)] public uint FlowSeed;
    [FieldOffset(76)] public SourceAddresses SourceV4;
    [FieldOffset(204)] public SourceAddresses SourceV6;

    /// <summary>L3: outer source address, mapped.</summary>
    [FieldOffset(332)] public GaleAddress TunnelSourceV4;
    [FieldOffset(348)] public GaleAddress TunnelSourceV6;
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
