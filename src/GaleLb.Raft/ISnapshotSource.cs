namespace GaleLb.Raft;

/// <summary>Where the core reads chunks of this member's latest snapshot to send. Declared here, implemented by the caller.</summary>
public interface ISnapshotSource
{
    /// <summary>The newest durable snapshot, or null.</summary>
    SnapshotMetadata? Latest { get; }

    /// <summary>The size in bytes of the snapshot at <paramref name="index"/>, or −1 when it is gone.</summary>
    long Length(LogIndex index);

    /// <summary>At most <paramref name="maxBytes"/> bytes from <paramref name="offset"/>; empty when the snapshot is gone.</summary>
    ReadOnlyMemory<byte> Read(LogIndex index, long offset, int maxBytes);
}
