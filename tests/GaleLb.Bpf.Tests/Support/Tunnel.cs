using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>Puts frames inside others, as RFC 2003 and RFC 2473 say; shares nothing with the packet programs.</summary>
public static class Tunnel
{
    public const int EthernetBytes = 14;

    /// <param name="inner">An Ethernet frame without tags; its IP packet goes inside.</param>
    /// <param name="tags">VLAN tags of the outer frame.</param>
    /// <param name="trafficClass">Of the outer header.</param>
    public static byte[] Wrap(byte[] inner, IPAddress source, IPAddress destination, int tags = 0, byte trafficClass = 0, ushort fragment = 0x4000)
    {
        ReadOnlySpan<byte> packet = inner.AsSpan(EthernetBytes);
        byte protocol = packet[0] >> 4 == 4 ? (byte)4 : (byte)41;
        bool ipv4 = destination.AddressFamily == AddressFamily.InterNetwork;
        byte[] header = new byte[ipv4 ? 20 : 40];
        if (ipv4)
        {
            header[0] = 0x45;
            header[1] = trafficClass;
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(header.Length + packet.Length));
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(6), fragment);
            header[8] = 64;
            header[9] = protocol;
            source.GetAddressBytes().CopyTo(header, 12);
            destination.GetAddressBytes().CopyTo(header, 16);
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), Checksum.Of(header));
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(header, 0x60000000 | ((uint)trafficClass << 20));
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)packet.Length);
            header[6] = protocol;
            header[7] = 64;
            source.GetAddressBytes().CopyTo(header, 8);
            destination.GetAddressBytes().CopyTo(header, 24);
        }

        return [.. Link(inner, ipv4 ? (ushort)0x0800 : (ushort)0x86dd, tags), .. header, .. packet];
    }

    /// <summary>The same IP packet with tags in front.</summary>
    public static byte[] Tag(byte[] frame, int tags) =>
        [.. Link(frame, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)), tags), .. frame.AsSpan(EthernetBytes)];

    private static byte[] Link(byte[] macs, ushort ethertype, int tags)
    {
        List<byte> link = [.. macs.AsSpan(0, 12)];
        for (int tag = tags; tag > 0; tag--) link.AddRange([(byte)(tag == 2 ? 0x88 : 0x81), (byte)(tag == 2 ? 0xa8 : 0), 0, (byte)(tag * 100)]);
        link.AddRange([(byte)(ethertype >> 8), (byte)ethertype]);
        return [.. link];
    }
}
