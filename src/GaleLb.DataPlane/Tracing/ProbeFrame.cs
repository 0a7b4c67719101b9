using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tracing;

/// <summary>Frames as a client would send them, to ask the programs about: Ethernet, IP, and TCP or UDP without a payload, all checksums right.</summary>
internal static class ProbeFrame
{
    private const int EthernetLength = 14;
    private const int TcpLength = 20;
    private const int UdpLength = 8;
    private const byte HopsLeft = 64;
    private const byte TcpSyn = 0x02;
    private const byte TcpAck = 0x10;

    /// <param name="opening">Of TCP: a SYN, else an ACK of a connection that is open.</param>
    public static byte[] Build(Protocol protocol, IPEndPoint source, IPEndPoint destination, bool opening)
    {
        bool v6 = source.AddressFamily == AddressFamily.InterNetworkV6;
        int l4Length = protocol == Protocol.Tcp ? TcpLength : UdpLength;
        byte[] frame = new byte[EthernetLength + (v6 ? 40 : 20) + l4Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), (ushort)(v6 ? 0x86DD : 0x0800));
        Span<byte> ip = frame.AsSpan(EthernetLength);
        Span<byte> l4 = ip[(v6 ? 40 : 20)..];
        if (v6) WriteIPv6(ip, protocol, source.Address, destination.Address, l4Length);
        else WriteIPv4(ip, protocol, source.Address, destination.Address, l4Length);

        BinaryPrimitives.WriteUInt16BigEndian(l4, (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(l4[2..], (ushort)destination.Port);
        if (protocol == Protocol.Tcp)
        {
            l4[12] = TcpLength / 4 << 4;
            l4[13] = opening ? TcpSyn : TcpAck;
            BinaryPrimitives.WriteUInt16BigEndian(l4[14..], ushort.MaxValue);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(l4[4..], UdpLength);
        }

        uint pseudo = Sum(source.Address.GetAddressBytes()) + Sum(destination.Address.GetAddressBytes()) + (uint)protocol + (uint)l4Length;
        ushort check = Fold(pseudo + Sum(l4));
        BinaryPrimitives.WriteUInt16BigEndian(l4[(protocol == Protocol.Tcp ? 16 : 6)..], check == 0 && protocol == Protocol.Udp ? ushort.MaxValue : check);
        return frame;
    }

    private static void WriteIPv4(Span<byte> ip, Protocol protocol, IPAddress source, IPAddress destination, int l4Length)
    {
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(20 + l4Length));
        ip[8] = HopsLeft;
        ip[9] = (byte)protocol;
        source.TryWriteBytes(ip[12..], out _);
        destination.TryWriteBytes(ip[16..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Fold(Sum(ip[..20])));
    }

    private static void WriteIPv6(Span<byte> ip, Protocol protocol, IPAddress source, IPAddress destination, int l4Length)
    {
        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)l4Length);
        ip[6] = (byte)protocol;
        ip[7] = HopsLeft;
        source.TryWriteBytes(ip[8..], out _);
        destination.TryWriteBytes(ip[24..], out _);
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        return sum;
    }

    private static ushort Fold(uint sum)
    {
        while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}
