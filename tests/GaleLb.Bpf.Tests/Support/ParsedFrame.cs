using System.Buffers.Binary;
using System.Net;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>A frame taken apart by a reader that shares nothing with the packet programs.</summary>
public sealed record ParsedFrame(
    byte[] DestinationMac, byte[] SourceMac, IPEndPoint Source, IPEndPoint Destination, byte Protocol, byte Ttl, byte TcpFlags, byte[] Payload,
    bool ChecksumsRight)
{
    /// <exception cref="InvalidDataException">Not TCP or UDP over plain IPv4 or IPv6, or lengths that disagree.</exception>
    public static ParsedFrame From(ReadOnlySpan<byte> frame)
    {
        ushort ethertype = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        bool ipv4 = ethertype == 0x0800;
        if (!ipv4 && ethertype != 0x86dd) throw new InvalidDataException($"ethertype {ethertype:x4}");
        ReadOnlySpan<byte> ip = frame[14..];
        int header = ipv4 ? (ip[0] & 15) * 4 : 40;
        int total = ipv4 ? BinaryPrimitives.ReadUInt16BigEndian(ip[2..]) : 40 + BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        if (total > ip.Length) throw new InvalidDataException($"IP length {total} in {ip.Length} bytes");
        ip = ip[..total];
        byte protocol = ipv4 ? ip[9] : ip[6];
        ReadOnlySpan<byte> l4 = ip[header..];
        int l4Header = protocol switch
        {
            PacketBuilder.Tcp => (l4[12] >> 4) * 4,
            PacketBuilder.Udp => 8,
            _ => throw new InvalidDataException($"protocol {protocol}"),
        };
        IPAddress source = new(ipv4 ? ip[12..16] : ip[8..24]);
        IPAddress destination = new(ipv4 ? ip[16..20] : ip[24..40]);
        bool without = protocol == PacketBuilder.Udp && ipv4 && l4[6] == 0 && l4[7] == 0;
        bool right = (!ipv4 || Checksum.Of(ip[..header]) == 0) && (without || Checksum.OfTransport(ip, l4, protocol) == 0);
        return new ParsedFrame(
            frame[..6].ToArray(), frame[6..12].ToArray(),
            new IPEndPoint(source, BinaryPrimitives.ReadUInt16BigEndian(l4)),
            new IPEndPoint(destination, BinaryPrimitives.ReadUInt16BigEndian(l4[2..])),
            protocol, ipv4 ? ip[8] : ip[7], protocol == PacketBuilder.Tcp ? l4[13] : (byte)0, l4[l4Header..].ToArray(), right);
    }
}
