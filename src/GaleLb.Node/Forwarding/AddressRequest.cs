using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace GaleLb.Node.Forwarding;

/// <summary>The rtnetlink request that adds or removes an address (linux/rtnetlink.h, linux/if_addr.h). Host byte order.</summary>
internal static class AddressRequest
{
    public const ushort New = 20;
    public const ushort Delete = 21;

    private const int HeaderBytes = 16;
    private const int BodyBytes = 8;
    private const ushort Request = 0x1;
    private const ushort Acknowledge = 0x4;
    private const ushort Exclusive = 0x200;
    private const ushort Create = 0x400;
    private const byte FamilyV4 = 2;
    private const byte FamilyV6 = 10;
    private const byte NoDuplicateDetection = 0x02;
    private const byte ScopeHost = 254;
    private const ushort AttributeAddress = 1;
    private const ushort AttributeLocal = 2;
    private const ushort AttributeCacheInfo = 6;

    /// <summary>
    /// <code>
    /// nlmsghdr   length u32 | type u16 | flags u16 | sequence u32 | port u32
    /// ifaddrmsg  family u8 | prefix length u8 | flags u8 | scope u8 | interface index u32
    /// rtattr     length u16 | type u16 | address …
    /// </code>
    /// </summary>
    public static byte[] Encode(ushort type, IPAddress address, uint interfaceIndex)
    {
        bool isV6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        byte[] bytes = address.GetAddressBytes();
        List<byte> message = [.. new byte[HeaderBytes]];
        message.AddRange([isV6 ? FamilyV6 : FamilyV4, (byte)(bytes.Length * 8), isV6 ? NoDuplicateDetection : (byte)0, isV6 ? (byte)0 : ScopeHost]);
        message.AddRange(BitConverter.GetBytes(interfaceIndex));
        Attribute(message, AttributeLocal, bytes);
        Attribute(message, AttributeAddress, bytes);
        // Preferred for no time, valid for ever: IPv6's way to say "not as a source by itself", as host scope is IPv4's.
        if (isV6 && type == New)
            Attribute(message, AttributeCacheInfo, [0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]);

        byte[] encoded = [.. message];
        MemoryMarshal.Write(encoded.AsSpan(0), (uint)encoded.Length);
        MemoryMarshal.Write(encoded.AsSpan(4), type);
        MemoryMarshal.Write(encoded.AsSpan(6), (ushort)(Request | Acknowledge | (type == New ? Create | Exclusive : 0)));
        MemoryMarshal.Write(encoded.AsSpan(8), 1u);
        return encoded;
    }

    private static void Attribute(List<byte> message, ushort type, ReadOnlySpan<byte> value)
    {
        message.AddRange(BitConverter.GetBytes((ushort)(4 + value.Length)));
        message.AddRange(BitConverter.GetBytes(type));
        message.AddRange(value);
        while (message.Count % 4 != 0)
            message.Add(0);
    }
}
