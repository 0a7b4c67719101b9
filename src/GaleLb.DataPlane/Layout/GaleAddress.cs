using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GaleLb.DataPlane.Layout;

/// <summary>An IP address of either family: 16 bytes in network order, IPv4 mapped (::ffff:a.b.c.d). Mirror of <c>struct gale_address</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct GaleAddress : IEquatable<GaleAddress>, IComparable<GaleAddress>
{
    [FieldOffset(0)] public Be32Words4 Word;

    public readonly bool IsZero => this == default;

    public readonly bool IsIPv4 => Word[0].Host == 0 && Word[1].Host == 0 && Word[2].Host == 0xFFFF;

    /// <exception cref="ArgumentException">The address is neither IPv4 nor IPv6.</exception>
    public static GaleAddress From(IPAddress address)
    {
        if (address.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
            throw new ArgumentException($"{address} is neither IPv4 nor IPv6", nameof(address));
        GaleAddress result = default;
        address.MapToIPv6().TryWriteBytes(MemoryMarshal.AsBytes((Span<Be32>)result.Word), out _);
        return result;
    }

    public readonly IPAddress ToIPAddress()
    {
        IPAddress address = new(Bytes(in this));
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    public readonly bool Equals(GaleAddress other) => Bytes(in this).SequenceEqual(Bytes(in other));

    public readonly int CompareTo(GaleAddress other) => Bytes(in this).SequenceCompareTo(Bytes(in other));

    public override readonly bool Equals(object? obj) => obj is GaleAddress other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(Word[0], Word[1], Word[2], Word[3]);

    public override readonly string ToString() => ToIPAddress().ToString();

    public static bool operator ==(GaleAddress left, GaleAddress right) => left.Equals(right);

    public static bool operator !=(GaleAddress left, GaleAddress right) => !left.Equals(right);

    public static bool operator <(GaleAddress left, GaleAddress right) => left.CompareTo(right) < 0;

    public static bool operator >(GaleAddress left, GaleAddress right) => left.CompareTo(right) > 0;

    public static bool operator <=(GaleAddress left, GaleAddress right) => left.CompareTo(right) <= 0;

    public static bool operator >=(GaleAddress left, GaleAddress right) => left.CompareTo(right) >= 0;

    private static ReadOnlySpan<byte> Bytes(in GaleAddress address) => MemoryMarshal.AsBytes(new ReadOnlySpan<GaleAddress>(in address));
}

[InlineArray(4)]
public struct Be32Words4
{
    private Be32 first;
}
