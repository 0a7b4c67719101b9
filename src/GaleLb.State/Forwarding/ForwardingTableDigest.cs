using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using GaleLb.State.Blocks;
using GaleLb.State.Formats;

namespace GaleLb.State.Forwarding;

/// <summary>
/// SHA-256 over the canonical encoding of a table's rows, in which a ring stands by the SHA-256 of its slots
/// (docs/internals/state-format.md).
/// </summary>
internal static class ForwardingTableDigest
{
    /// <summary>The rows as they are digested, but for the blocks, which change more often than all others.</summary>
    public static byte[] Encode(ImmutableArray<ServiceRow> services, ImmutableArray<BuiltRing> rings, ImmutableArray<NodeRow> nodes)
    {
        CanonicalWriter writer = new(64 + (nodes.Length * 48));
        writer.Count(services.Length);
        foreach (ServiceRow service in services)
            Write(writer, service);
        writer.Count(rings.Length);
        foreach (BuiltRing ring in rings)
        {
            writer.U32(ring.Row.Id.Value);
            writer.Bytes(ring.SlotsHash.AsSpan());
        }

        writer.Count(nodes.Length);
        foreach (NodeRow node in nodes)
            Write(writer, node);
        return writer.ToArray();
    }

    /// <param name="rows">Of <see cref="Encode"/>.</param>
    public static string Of(ReadOnlySpan<byte> rows, ImmutableArray<ClientPrefix> blocks)
    {
        CanonicalWriter writer = new(16 + (blocks.Length * 18));
        foreach (ClientPrefix block in blocks)
            writer.Prefix(block);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(rows);
        hash.AppendData(writer.Written);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public static ImmutableArray<byte> OfSlots(ImmutableArray<NodeIndex> slots)
    {
        ReadOnlySpan<ushort> values = MemoryMarshal.Cast<NodeIndex, ushort>(slots.AsSpan());
        if (!BitConverter.IsLittleEndian)
        {
            ushort[] swapped = new ushort[values.Length];
            System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(values, swapped);
            values = swapped;
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(SHA256.HashData(MemoryMarshal.AsBytes(values)));
    }

    private static void Write(CanonicalWriter writer, ServiceRow service)
    {
        writer.U16(service.Id.Value);
        writer.Text(service.Name);
        writer.OptionalAddress(service.Address);
        writer.U16(service.Port);
        writer.U8((byte)service.Protocol);
        writer.U8((byte)service.Forwarding);
        writer.U8((byte)service.Hash);
        writer.U16(service.TargetPort);
        writer.Bool(service.Ring is not null);
        writer.U32(service.Ring?.Value ?? 0);
    }

    private static void Write(CanonicalWriter writer, NodeRow node)
    {
        writer.U16(node.Index.Value);
        writer.U32(node.Generation.Value);
        writer.Text(node.Name);
        writer.Address(node.Address);
        writer.U16(node.Port);
        writer.U8((byte)node.Flows);
    }
}
