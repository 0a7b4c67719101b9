using System.Buffers;
using System.Buffers.Binary;

namespace GaleLb.Replica.Wire;

/// <summary>Writes the codec's three shapes: bytes, fixed little-endian words, and variable-length unsigned integers (LEB128, shortest form).</summary>
internal readonly ref struct WireWriter(IBufferWriter<byte> output)
{
    public void Byte(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Fixed(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(output.GetSpan(8), value);
        output.Advance(8);
    }

    public void Variable(ulong value)
    {
        Span<byte> span = output.GetSpan(10);
        int count = 0;
        while (value >= 0x80)
        {
            span[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[count++] = (byte)value;
        output.Advance(count);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Variable((ulong)bytes.Length);
        output.Write(bytes);
    }
}
