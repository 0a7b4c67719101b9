using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>Value of control_ports: a bit for each port that wins over services.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16384)]
public struct GaleControlPorts
{
    [FieldOffset(0)] public PortSet Tcp;
    [FieldOffset(8192)] public PortSet Udp;
}

/// <summary>65,536 bits: port p is bit p &amp; 63 of word p &gt;&gt; 6.</summary>
[InlineArray(GaleLimit.PortWords)]
public struct PortSet
{
    private ulong first;

    public void Add(ushort port) => this[port >> 6] |= 1ul << (port & 63);

    public readonly bool Contains(ushort port) => (this[port >> 6] & (1ul << (port & 63))) != 0;
}
