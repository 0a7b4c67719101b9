using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Value of the map nodes, by node index; all zero where there is no node.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public record struct GaleNode
{
    [FieldOffset(0)] public GaleAddress Address;
    [FieldOffset(16)] public uint Generation;

    /// <summary>0: the service's target port.</summary>
    [FieldOffset(20)] public Be16 Port;
    [FieldOffset(22)] public GaleNodeFlag Flags;

    /// <summary>True when another machine, or the same one registered anew, has the place.</summary>
    public readonly bool IsOtherThan(GaleNode other) => Address != other.Address || Generation != other.Generation;
}
