using System.Buffers.Binary;
using System.Net;

namespace GaleLb.DataPlane.Netlink;

/// <summary>An address of an interface.</summary>
/// <param name="IsGlobal">Of global scope: neither link-local nor host-local.</param>
public sealed record InterfaceAddress(int Ifindex, IPAddress Address, int PrefixLength, bool IsGlobal)
{
    private const int HeadSize = 8;
    private const byte ScopeSite = 200;

    /// <summary>Reads RTM_NEWADDR and RTM_DELADDR; null when the message is cut short or has no address.</summary>
    public static InterfaceAddress? Parse(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < HeadSize) return null;
        int ifindex = BinaryPrimitives.ReadInt32LittleEndian(payload[4..]);
        IPAddress? address = null;
        IPAddress? local = null;
        NetlinkAttributes attributes = new(payload[HeadSize..]);
        while (attributes.MoveNext())
        {
            if (attributes.Value.Length is not (4 or 16)) continue;
            if (attributes.Type == 1) address = new IPAddress(attributes.Value); // IFA_ADDRESS: the peer's on point-to-point links
            if (attributes.Type == 2) local = new IPAddress(attributes.Value); // IFA_LOCAL
        }

        address = local ?? address;
        return address is null ? null : new InterfaceAddress(ifindex, address, payload[1], payload[3] <= ScopeSite);
    }
}
