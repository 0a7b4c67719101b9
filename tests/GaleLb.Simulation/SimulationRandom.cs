using System.Numerics;
using GaleLb.Raft;

namespace GaleLb.Simulation;

/// <summary>
/// The only source of chance in a run: xoshiro256** seeded by SplitMix64 (Blackman and Vigna, 2018), written out here so that a
/// seed means the same run on every version of .NET.
/// </summary>
internal sealed class SimulationRandom : IElectionJitter
{
    private ulong _a, _b, _c, _d;

    public SimulationRandom(ulong seed)
    {
        _a = SplitMix(ref seed);
        _b = SplitMix(ref seed);
        _c = SplitMix(ref seed);
        _d = SplitMix(ref seed);
    }

    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        ulong shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A number in [0, <paramref name="bound"/>).</summary>
    public int Next(int bound) => (int)Math.BigMul(NextUInt64(), (ulong)bound, out _);

    /// <summary>A number in [<paramref name="from"/>, <paramref name="to"/>].</summary>
    public long Between(long from, long to) => from + (long)Math.BigMul(NextUInt64(), (ulong)(to - from + 1), out _);

    /// <summary>True in <paramref name="perMillion"/> of a million cases.</summary>
    public bool Chance(int perMillion) => perMillion > 0 && Next(1_000_000) < perMillion;

    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    private static ulong SplitMix(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
