using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>Builds Ethernet frames with TCP or UDP over IPv4 or IPv6 for tests that need many; scapy builds those of bpf/cases.</summary>
public static class PacketBuilder
{
    public const byte Tcp = 6;
    public const byte Udp = 17;
    public const byte Syn = 0x02;
    public const byte Ack = 0x10;

    private static readonly byte[] Macs = Convert.FromHexString("0200000000f10200000000c1");

    public static byte[] Build(
        IPEndPoint source, IPEndPoint destination, byte protocol, byte tcpFlags = 0, byte[]? payload = null, byte ttl = 64, uint sequence = 1)
    {
        payload ??= [];
        bool ipv4 = source.AddressFamily == AddressFamily.InterNetwork;
        int ipHeader = ipv4 ? 20 : 40;
        int transport = protocol == Tcp ? 20 : 8;
        byte[] frame = new byte[14 + ipHeader + transport + payload.Length];
        Macs.CopyTo(frame, 0);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), (ushort)(ipv4 ? 0x0800 : 0x86dd));
        Span<byte> ip = frame.AsSpan(14);
        int length = transport + payload.Length;
        if (ipv4)
        {
            ip[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(ipHeader + length));
            ip[8] = ttl;
            ip[9] = protocol;
            source.Address.GetAddressBytes().CopyTo(ip[12..]);
            destination.Address.GetAddressBytes().CopyTo(ip[16..]);
            BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum.Of(ip[..20]));
        }
        else
        {
            ip[0] = 0x60;
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)length);
            ip[6] = protocol;
            ip[7] = ttl;
            source.Address.GetAddressBytes().CopyTo(ip[8..]);
            destination.Address.GetAddressBytes().CopyTo(ip[24..]);
        }

        Span<byte> l4 = ip[ipHeader..];
        BinaryPrimitives.WriteUInt16BigEndian(l4, (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(l4[2..], (ushort)destination.Port);
        payload.CopyTo(l4[transport..]);
        if (protocol == Tcp)
        {
            BinaryPrimitives.WriteUInt32BigEndian(l4[4..], sequence);
            l4[12] = 0x50;
            l4[13] = tcpFlags;
            BinaryPrimitives.WriteUInt16BigEndian(l4[14..], 0xffff);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(l4[4..], (ushort)length);
        }

        ushort sum = Checksum.OfTransport(ip, l4, protocol);
        BinaryPrimitives.WriteUInt16BigEndian(l4[(protocol == Tcp ? 16 : 6)..], protocol == Udp && sum == 0 ? (ushort)0xffff : sum);
        return frame;
    }
}
