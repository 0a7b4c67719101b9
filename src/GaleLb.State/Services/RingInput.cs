using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using GaleLb.State.Nodes;

namespace GaleLb.State.Services;

/// <summary>
/// Names the input of a ring: the sum, modulo 2^128, of one token for each node in it, and their number. Two rings with
/// equal input are equal, and one node's change is one subtraction and one addition.
/// </summary>
/// <remarks>
/// A multiset hash by addition (Bellare and Micciancio 1997, AdHash), each token 128 bits of SHA-256 under the hash seed.
/// </remarks>
public readonly record struct RingInput(UInt128 Sum, int Nodes) : IComparable<RingInput>
{
    public static readonly RingInput Empty;

    internal RingInput Add(UInt128 token) => new(unchecked(Sum + token), Nodes + 1);
    internal RingInput Remove(UInt128 token) => new(unchecked(Sum - token), Nodes - 1);

    public int CompareTo(RingInput other)
    {
        int sum = Sum.CompareTo(other.Sum);
        return sum != 0 ? sum : Nodes.CompareTo(other.Nodes);
    }

    public static bool operator <(RingInput a, RingInput b) => a.CompareTo(b) < 0;
    public static bool operator >(RingInput a, RingInput b) => a.CompareTo(b) > 0;
    public static bool operator <=(RingInput a, RingInput b) => a.CompareTo(b) <= 0;
    public static bool operator >=(RingInput a, RingInput b) => a.CompareTo(b) >= 0;

    /// <summary>The token of what a ring sees of a node: its name, its index and its weight.</summary>
    internal static UInt128 Token(ulong hashSeed, NodeRecord node)
    {
        if (node.Place is null)
            return 0;
        Span<byte> bytes = stackalloc byte[12 + (NameRules.NodeNameMax * 3)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, hashSeed);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], node.Place.Index.Value);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], node.EffectiveWeight);
        int length = 12 + Encoding.UTF8.GetBytes(node.Name, bytes[12..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..length], hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
