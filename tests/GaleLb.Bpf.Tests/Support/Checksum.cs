using System.Buffers.Binary;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>Internet checksums from scratch (RFC 1071), for building frames and for judging what comes out.</summary>
public static class Checksum
{
    /// <summary>The checksum over bytes whose checksum field is zero; over bytes with a right one it is 0.</summary>
    public static ushort Of(ReadOnlySpan<byte> bytes) => Fold(Sum(bytes));

    /// <summary>The same for a TCP, UDP or ICMPv6 header with payload, behind the pseudo header of its IP header.</summary>
    public static ushort OfTransport(ReadOnlySpan<byte> ip, ReadOnlySpan<byte> transport, byte protocol)
    {
        ReadOnlySpan<byte> addresses = ip[0] >> 4 == 4 ? ip[12..20] : ip[8..40];
        return Fold(Sum(addresses) + protocol + (ulong)transport.Length + Sum(transport));
    }

    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        for (int i = 0; i + 1 < bytes.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        return bytes.Length % 2 == 1 ? sum + ((ulong)bytes[^1] << 8) : sum;
    }

    private static ushort Fold(ulong sum)
    {
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }
}
