using GaleLb.Raft;

namespace GaleLb.Simulation.Oracles;

/// <summary>FNV-1a over 64 bits: enough to tell honest states apart, and the same everywhere.</summary>
internal static class Digest
{
    private const ulong Basis = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    public static ulong Of(Entry entry) => Of(entry.Payload.Span, Combine(Combine(Combine(Basis, entry.Index.Value), entry.Term.Value), (ulong)entry.Kind));

    public static ulong Of(ReadOnlySpan<byte> bytes, ulong digest = Basis)
    {
        foreach (byte b in bytes)
            digest = (digest ^ b) * Prime;
        return digest;
    }

    public static ulong Combine(ulong digest, ulong value)
    {
        digest = (digest ^ value) * Prime;
        return digest ^ (digest >> 29);
    }
}
