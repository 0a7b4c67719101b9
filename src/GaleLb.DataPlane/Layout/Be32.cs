using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>A 32-bit number in network byte order, as <c>__be32</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
public readonly record struct Be32
{
    private readonly uint raw;

    public Be32(uint host) => raw = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(host) : host;

    /// <summary>The number in host order.</summary>
    public uint Host => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(raw) : raw;

    public override string ToString() => Host.ToString();
}
