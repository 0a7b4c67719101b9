using GaleLb.Raft;
using GaleLb.Replica;

namespace GaleLb.TestKit;

/// <summary>A replica's randomness from a seed (splitmix64), so that a run can be repeated.</summary>
public sealed class SeededRandomness(ulong seed) : IReplicaRandomness
{
    private ulong _state = seed;

    public MemberId NewMemberId()
    {
        ulong value = NextWord();
        return new MemberId(value == 0 ? 1 : value);
    }

    public int Next(int bound) => (int)(NextWord() % (ulong)bound);

    private ulong NextWord()
    {
        _state += 0x9e3779b97f4a7c15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
