using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Section .rodata.options: set once, between open and load.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12)]
public record struct GaleOptions
{
    /// <summary>1: write no map; the answer is the packet that comes out.</summary>
    [FieldOffset(0)] public uint Explain;
    [FieldOffset(4)] public uint IngressIfindex;

    /// <summary>1: the kernel has bpf_ktime_get_coarse_ns.</summary>
    [FieldOffset(8)] public uint CoarseClock;
}
