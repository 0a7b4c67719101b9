using System.Buffers.Binary;

namespace GaleLb.Replica.Wire;

/// <summary>Reads what <see cref="WireWriter"/> writes; anything else, and anything not in its one shortest form, is refused.</summary>
internal ref struct WireReader(ReadOnlyMemory<byte> input)
{
    private readonly ReadOnlySpan<byte> _span = input.Span;
    private int _at;

    public readonly int Remaining => _span.Length - _at;

    public byte Byte(string what)
    {
        if (_at >= _span.Length)
            throw Bad(what, "the message ends");
        return _span[_at++];
    }

    public bool Flag(string what)
    {
        byte value = Byte(what);
        return value <= 1 ? value == 1 : throw Bad(what, $"0 or 1 expected, found {value}");
    }

    public ulong Fixed(string what)
    {
        if (Remaining < 8)
            throw Bad(what, $"8 bytes expected, {Remaining} are left");
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(_span[_at..]);
        _at += 8;
        return value;
    }

    public ulong Variable(string what)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte(what);
            ulong bits = (ulong)(next & 0x7f);
            if (shift == 63 && bits > 1)
                throw Bad(what, "a number beyond 64 bits");
            value |= bits << shift;
            if ((next & 0x80) != 0)
                continue;
            return next != 0 || shift == 0 ? value : throw Bad(what, "a number not in its shortest form");
        }

        throw Bad(what, "a number beyond 64 bits");
    }

    /// <summary>A count of things that take at least <paramref name="bytesEach"/> bytes, so that no count can ask for more memory than was sent.</summary>
    public int Count(string what, int bytesEach)
    {
        ulong count = Variable(what);
        return count <= (ulong)(Remaining / bytesEach) ? (int)count : throw Bad(what, $"{count} of at least {bytesEach} bytes each, but {Remaining} bytes are left");
    }

    /// <summary>A slice of the input, not a copy.</summary>
    public ReadOnlyMemory<byte> Bytes(string what)
    {
        int length = Count(what, 1);
        ReadOnlyMemory<byte> bytes = input.Slice(_at, length);
        _at += length;
        return bytes;
    }

    public readonly void End()
    {
        if (Remaining > 0)
            throw Bad("end", $"{Remaining} bytes too many");
    }

    public readonly InvalidDataException Bad(string what, string problem) => new($"Raft message, byte {_at}, {what}: {problem}.");
}
