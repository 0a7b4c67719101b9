using System.Buffers.Binary;
using System.Security.Cryptography;
using GaleLb.Raft;

namespace GaleLb.Replica;

/// <summary>Where a replica's random numbers come from: ids, election jitter, founding turns.</summary>
public interface IReplicaRandomness : IElectionJitter
{
    /// <summary>An id that nobody else has or will have; never <see cref="MemberId.None"/>.</summary>
    MemberId NewMemberId();
}

/// <summary>The operating system's randomness.</summary>
public sealed class SystemRandomness : IReplicaRandomness
{
    public MemberId NewMemberId()
    {
        Span<byte> bytes = stackalloc byte[8];
        ulong value;
        do
        {
            RandomNumberGenerator.Fill(bytes);
            value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        }
        while (value == 0);
        return new MemberId(value);
    }

    public int Next(int bound) => RandomNumberGenerator.GetInt32(bound);
}
