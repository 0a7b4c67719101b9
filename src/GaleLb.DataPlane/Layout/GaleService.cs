using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Value of the map services; replaced as a whole.</summary>
[StructLayout(LayoutKind.Explicit, Size = 20)]
public record struct GaleService
{
    /// <summary>Number in rings, or <see cref="GaleLimit.RingNone"/>.</summary>
    [FieldOffset(0)] public uint Ring;
    [FieldOffset(4)] public uint PreviousRing;
    [FieldOffset(8)] public uint PreviousUntilMs;
    [FieldOffset(12)] public ushort ServiceId;

    /// <summary>For nodes whose own port is 0.</summary>
    [FieldOffset(14)] public Be16 TargetPort;
    [FieldOffset(16)] public GaleForwarding Forwarding;
    [FieldOffset(17)] public GaleHash Hash;
}
