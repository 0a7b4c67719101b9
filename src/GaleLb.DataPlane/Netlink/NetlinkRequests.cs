using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace GaleLb.DataPlane.Netlink;

/// <summary>Builds the requests that are sent to the kernel. Pure; the socket sets the sequence number.</summary>
public static class NetlinkRequests
{
    /// <summary>Parents of the filters of a clsact qdisc (linux/pkt_sched.h).</summary>
    public const uint ClsactIngress = 0xFFFFFFF2;

    /// <inheritdoc cref="ClsactIngress"/>
    public const uint ClsactEgress = 0xFFFFFFF3;

    private const ushort Request = 1;
    private const ushort Acknowledge = 4;
    private const ushort Dump = 0x300;
    private const ushort Create = 0x400;
    private const byte FamilyIPv4 = 2;
    private const byte FamilyIPv6 = 10;

    public static byte[] DumpLinks() => Message(NetlinkType.GetLink, Request | Dump, new byte[16]);

    public static byte[] DumpAddresses() => Message(NetlinkType.GetAddress, Request | Dump, new byte[8]);

    public static byte[] DumpNeighbours() => Message(NetlinkType.GetNeighbour, Request | Dump, new byte[12]);

    public static byte[] DumpFilters(int ifindex, uint parent)
    {
        // struct tcmsg: family, pads, ifindex, handle, parent, info.
        byte[] payload = new byte[20];
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(4), ifindex);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(12), parent);
        return Message(NetlinkType.GetFilter, Request | Dump, payload);
    }

    /// <summary>Asks how a packet from this machine to an address would go.</summary>
    public static byte[] GetRoute(IPAddress destination)
    {
        byte[] address = destination.GetAddressBytes();
        byte[] payload = new byte[12 + 4 + address.Length];
        payload[0] = Family(destination);
        payload[1] = (byte)(address.Length * 8);
        WriteAttribute(payload.AsSpan(12), 1, address); // RTA_DST
        return Message(NetlinkType.GetRoute, Request, payload);
    }

    /// <summary>
    /// Asks the kernel to use a neighbour entry as if a packet were sent (NTF_USE): an unknown or failed one is resolved, a stale one probed.
    /// </summary>
    public static byte[] UseNeighbour(NeighbourKey key)
    {
        const byte Use = 1;
        byte[] address = key.Address.GetAddressBytes();
        byte[] payload = new byte[12 + 4 + address.Length];
        payload[0] = Family(key.Address);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(4), key.Ifindex);
        payload[10] = Use;
        WriteAttribute(payload.AsSpan(12), 1, address); // NDA_DST
        return Message(NetlinkType.NewNeighbour, Request | Acknowledge | Create, payload);
    }

    private static byte[] Message(NetlinkType type, int flags, ReadOnlySpan<byte> payload)
    {
        byte[] message = new byte[NetlinkMessage.HeaderSize + payload.Length];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), (ushort)type);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), (ushort)flags);
        payload.CopyTo(message.AsSpan(NetlinkMessage.HeaderSize));
        return message;
    }

    private static void WriteAttribute(Span<byte> at, ushort type, ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(at[2..], type);
        value.CopyTo(at[4..]);
    }

    private static byte Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? FamilyIPv4 : FamilyIPv6;
}
