using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Section .rodata.options: set once, between open and load.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
public record struct GaleOptions
{
    /// <summary>Of <see cref="GaleObject.OpenTraced"/> alone. 1: write no map but trace_scratch, where the answer is.</summary>
    [FieldOffset(0)] public uint Explain;

    /// <summary>1: the kernel has bpf_ktime_get_coarse_ns.</summary>
    [FieldOffset(4)] public uint CoarseClock;
}
