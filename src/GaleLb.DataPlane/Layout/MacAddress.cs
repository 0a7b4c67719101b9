using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>An Ethernet address, six bytes as on the wire.</summary>
[StructLayout(LayoutKind.Sequential, Size = 6)]
public readonly record struct MacAddress(byte B0, byte B1, byte B2, byte B3, byte B4, byte B5)
{
    public bool IsZero => this == default;

    /// <exception cref="ArgumentException">Not six bytes.</exception>
    public static MacAddress From(ReadOnlySpan<byte> bytes) => bytes.Length == 6
        ? MemoryMarshal.Read<MacAddress>(bytes)
        : throw new ArgumentException($"an Ethernet address has 6 bytes, not {bytes.Length}", nameof(bytes));

    public override string ToString() => $"{B0:x2}:{B1:x2}:{B2:x2}:{B3:x2}:{B4:x2}:{B5:x2}";
}
