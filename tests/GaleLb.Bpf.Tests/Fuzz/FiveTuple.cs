using System.Buffers.Binary;
using System.Net;

namespace GaleLb.Bpf.Tests.Fuzz;

/// <summary>What a flow is known by. IPv4 addresses are mapped.</summary>
internal readonly record struct FiveTuple(UInt128 Source, ushort SourcePort, UInt128 Destination, ushort DestinationPort, byte Protocol)
{
    private const ulong Mapped = 0xffff_0000_0000;

    /// <summary>The same as the other side sends it.</summary>
    public FiveTuple Turned => new(Destination, DestinationPort, Source, SourcePort, Protocol);

    public override string ToString() => $"{Address(Source)} {SourcePort} to {Address(Destination)} {DestinationPort} by {Protocol}";

    public static UInt128 Number(IPAddress address) => BinaryPrimitives.ReadUInt128BigEndian(address.MapToIPv6().GetAddressBytes());

    public static IPAddress Address(UInt128 number)
    {
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return IsIpv4(number) ? new IPAddress(bytes.AsSpan(12)) : new IPAddress(bytes);
    }

    public static bool IsIpv4(UInt128 number) => number >> 32 == Mapped >> 32;

    /// <summary>An address of a packet at <paramref name="bytes"/>.</summary>
    public static UInt128 Read(ReadOnlySpan<byte> bytes, bool ipv4) =>
        ipv4 ? Mapped | BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);

    public static void Write(Span<byte> bytes, UInt128 number, bool ipv4)
    {
        if (ipv4) BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)number);
        else BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
    }
}
