namespace GaleLb.Raft;

/// <summary>A snapshot arriving in chunks, in order. Chunks of another sender are not mixed in: its bytes may differ.</summary>
internal sealed class SnapshotAssembly(MemberId from, SnapshotMetadata metadata, long totalBytes)
{
    private readonly byte[] _bytes = new byte[totalBytes];

    public SnapshotMetadata Metadata { get; } = metadata;
    public long Received { get; private set; }
    public bool IsComplete => Received == totalBytes;

    public bool IsOf(SnapshotChunk chunk) =>
        chunk.From == from && chunk.TotalBytes == totalBytes
        && chunk.Metadata.Index == Metadata.Index && chunk.Metadata.Term == Metadata.Term;

    /// <summary>Takes a chunk that starts where the last one ended; others are repeats or came too early.</summary>
    public void Add(SnapshotChunk chunk)
    {
        if (chunk.Offset != Received)
            return;
        chunk.Bytes.Span.CopyTo(_bytes.AsSpan((int)Received));
        Received += chunk.Bytes.Length;
    }

    public Snapshot Complete() => new(Metadata, _bytes);
}
