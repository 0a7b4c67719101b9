using System.Buffers.Binary;
using System.Numerics;

namespace GaleLb.Replica.Storage;

/// <summary>CRC-32C (Castagnoli; RFC 3720 §12.1), by the processor's instruction where there is one.</summary>
public static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> bytes) => ~Append(~0u, bytes);

    /// <summary>Continues a raw register value: begin with all ones and invert the last.</summary>
    public static uint Append(uint register, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            register = BitOperations.Crc32C(register, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (byte b in bytes)
            register = BitOperations.Crc32C(register, b);
        return register;
    }

    public static uint Append(uint register, ulong value) => BitOperations.Crc32C(register, value);
}
