using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>A 16-bit number in network byte order, as <c>__be16</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 2)]
public readonly record struct Be16
{
    private readonly ushort raw;

    public Be16(ushort host) => raw = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(host) : host;

    /// <summary>The number in host order.</summary>
    public ushort Host => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(raw) : raw;

    public override string ToString() => Host.ToString();
}
