using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Text;

namespace GaleLb.State.Formats;

/// <summary>
/// Reads what <see cref="CanonicalWriter"/> wrote and refuses everything else with an
/// <see cref="InvalidDataException"/> that names the format, the offset and what was expected.
/// </summary>
internal ref struct CanonicalReader
{
    public const int TextBytesMax = 4096;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly string _format;
    private int _offset;

    public CanonicalReader(string format, ReadOnlySpan<byte> bytes)
    {
        _format = format;
        _bytes = bytes;
    }

    public readonly int Offset => _offset;

    public byte U8() => Take(1, "a byte")[0];
    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, "a 16-bit number"));
    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, "a 32-bit number"));
    public int I32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4, "a 32-bit number"));
    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, "a 64-bit number"));
    public long I64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8, "a 64-bit number"));
    public ReadOnlySpan<byte> Bytes(int count) => Take(count, "bytes");

    public bool Bool() => U8() switch
    {
        0 => false,
        1 => true,
        byte other => throw Bad($"0 or 1 expected, {other} found"),
    };

    /// <summary>The length of a list whose elements take at least <paramref name="elementBytesMin"/> bytes each.</summary>
    public int Count(int countMax, int elementBytesMin)
    {
        uint count = U32();
        if (count > countMax)
            throw Bad($"a list of at most {countMax} expected, {count} found");
        if ((long)count * elementBytesMin > _bytes.Length - _offset)
            throw Bad($"a list of {count} does not fit into the {_bytes.Length - _offset} bytes left");
        return (int)count;
    }

    public string Text()
    {
        int length = U16();
        if (length > TextBytesMax)
            throw Bad($"a text of at most {TextBytesMax} bytes expected, {length} found");
        ReadOnlySpan<byte> bytes = Take(length, "a text");
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Bad("UTF-8 text expected");
        }
    }

    public string? OptionalText() => Bool() ? Text() : null;

    public ImmutableArray<string> Texts(int countMax)
    {
        int count = Count(countMax, elementBytesMin: 2);
        if (count == 0)
            return [];
        ImmutableArray<string>.Builder texts = ImmutableArray.CreateBuilder<string>(count);
        for (int i = 0; i < count; i++)
            texts.Add(Text());
        return texts.MoveToImmutable();
    }

    public IPAddress Address() => U8() switch
    {
        4 => new IPAddress(Take(4, "an IPv4 address")),
        6 => new IPAddress(Take(16, "an IPv6 address")),
        byte other => throw Bad($"address family 4 or 6 expected, {other} found"),
    };

    public IPAddress? OptionalAddress() => Bool() ? Address() : null;

    /// <summary>Refuses an enum's number above <paramref name="max"/>; for enums without gaps.</summary>
    public byte Choice(byte max, string what)
    {
        byte value = U8();
        return value <= max ? value : throw Bad($"{what} from 0 to {max} expected, {value} found");
    }

    public readonly void End()
    {
        if (_offset != _bytes.Length)
            throw Bad($"{_bytes.Length - _offset} bytes too many");
    }

    public readonly InvalidDataException Bad(string what) => new($"{_format}, offset {_offset}: {what}.");

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (_bytes.Length - _offset < count)
            throw Bad($"{what} expected, the bytes end");
        ReadOnlySpan<byte> span = _bytes.Slice(_offset, count);
        _offset += count;
        return span;
    }
}
