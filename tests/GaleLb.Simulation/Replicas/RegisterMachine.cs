using System.Buffers.Binary;
using GaleLb.Raft;
using GaleLb.Simulation.Oracles;

namespace GaleLb.Simulation.Replicas;

/// <summary>
/// The simplest state machine that notices everything: its state is a digest of all it ever applied, padded so that a snapshot
/// takes several chunks.
/// </summary>
internal sealed class RegisterMachine
{
    private const int PaddingBytes = 1500;

    public LogIndex Index { get; private set; }
    public ulong Digest { get; private set; }

    public void Apply(Entry entry)
    {
        Digest = Oracles.Digest.Combine(Digest, Oracles.Digest.Of(entry));
        Index = entry.Index;
    }

    public byte[] Capture()
    {
        var bytes = new byte[8 + PaddingBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Digest);
        for (int i = 8; i < bytes.Length; i++)
            bytes[i] = (byte)(Digest >> (i % 8 * 8));
        return bytes;
    }

    public void Reset() => (Index, Digest) = (LogIndex.Zero, 0);

    public void Restore(Snapshot snapshot)
    {
        Digest = BinaryPrimitives.ReadUInt64LittleEndian(snapshot.State.Span);
        for (int i = 8; i < snapshot.State.Length; i++)
            if (snapshot.State.Span[i] != (byte)(Digest >> (i % 8 * 8)))
                throw new SimulationFailure(nameof(RegisterMachine), $"byte {i} of the snapshot at {snapshot.Metadata.Index} is not what was captured");
        Index = snapshot.Metadata.Index;
    }
}
