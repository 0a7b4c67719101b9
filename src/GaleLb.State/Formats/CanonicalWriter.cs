using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GaleLb.State.Formats;

/// <summary>
/// Writes the one encoding that a value has: fixed-width little-endian integers, UTF-8 text and lists behind their
/// length. <see cref="CanonicalReader"/> accepts nothing else.
/// </summary>
internal sealed class CanonicalWriter
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private byte[] _buffer;
    private int _length;

    public CanonicalWriter(int capacity = 256) => _buffer = new byte[capacity];

    public int Length => _length;
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);
    public byte[] ToArray() => Written.ToArray();
    public void Clear() => _length = 0;

    public void U8(byte value) => Take(1)[0] = value;
    public void Bool(bool value) => U8(value ? (byte)1 : (byte)0);
    public void U16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);
    public void U32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);
    public void I32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(4), value);
    public void U64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);
    public void I64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);
    public void Count(int value) => U32((uint)value);
    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    public void Text(string value)
    {
        int length = StrictUtf8.GetByteCount(value);
        if (length > CanonicalReader.TextBytesMax)
            throw new ArgumentException($"A text of {length} bytes is longer than the {CanonicalReader.TextBytesMax} that fit.", nameof(value));
        U16((ushort)length);
        StrictUtf8.GetBytes(value, Take(length));
    }

    public void OptionalText(string? value)
    {
        Bool(value is not null);
        if (value is not null)
            Text(value);
    }

    public void Texts(ImmutableArray<string> values)
    {
        Count(values.Length);
        foreach (string value in values)
            Text(value);
    }

    public void Address(IPAddress value)
    {
        bool v4 = value.AddressFamily == AddressFamily.InterNetwork;
        U8(v4 ? (byte)4 : (byte)6);
        value.TryWriteBytes(Take(v4 ? 4 : 16), out _);
    }

    public void OptionalAddress(IPAddress? value)
    {
        Bool(value is not null);
        if (value is not null)
            Address(value);
    }

    private Span<byte> Take(int count)
    {
        if (_buffer.Length - _length < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        Span<byte> span = _buffer.AsSpan(_length, count);
        _length += count;
        return span;
    }
}
