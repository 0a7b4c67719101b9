using System.Buffers.Binary;
using System.Net;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane;

/// <summary>The slot that the packet programs choose for a new flow, for people who ask. Frozen: docs/packet-walk.md describes it.</summary>
public static class FlowHash
{
    private const ulong Multiplier = 0x9e3779b97f4a7c15;

    /// <summary>From 0 to <see cref="ForwardingTable.RingSlots"/> − 1.</summary>
    public static int Slot(IPEndPoint client, IPEndPoint service, Protocol protocol, HashPolicy policy, uint seed) =>
        (int)((ulong)Of(client, service, protocol, policy, seed) * ForwardingTable.RingSlots >> 32);

    internal static uint Of(IPEndPoint client, IPEndPoint service, Protocol protocol, HashPolicy policy, uint seed)
    {
        ulong hash = Take(seed, client.Address);
        if (policy == HashPolicy.FiveTuple)
        {
            hash = Take(hash, service.Address);
            hash = Take(hash, ((ulong)protocol << 32) | ((ulong)(ushort)client.Port << 16) | (ushort)service.Port);
        }

        return (uint)(Take(hash, 0) >> 32);
    }

    private static ulong Take(ulong hash, IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        hash = Take(hash, BinaryPrimitives.ReadUInt64BigEndian(bytes));
        return Take(hash, BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    private static ulong Take(ulong hash, ulong word)
    {
        hash = unchecked((hash ^ word) * Multiplier);
        return hash ^ (hash >> 32);
    }
}
