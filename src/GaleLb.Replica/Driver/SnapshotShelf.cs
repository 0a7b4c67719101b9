using GaleLb.Raft;

namespace GaleLb.Replica.Driver;

/// <summary>
/// The durable snapshots that can be sent, in memory: the newest, and the one before it, so that a transfer under way is not
/// cut off by the next snapshot.
/// </summary>
internal sealed class SnapshotShelf : ISnapshotSource
{
    private Snapshot? _newest;
    private Snapshot? _previous;

    public SnapshotMetadata? Latest => _newest?.Metadata;

    public long Length(LogIndex index) => Find(index)?.State.Length ?? -1;

    public ReadOnlyMemory<byte> Read(LogIndex index, long offset, int maxBytes)
    {
        if (Find(index) is not { } snapshot || offset >= snapshot.State.Length)
            return default;
        return snapshot.State.Slice((int)offset, (int)Math.Min(maxBytes, snapshot.State.Length - offset));
    }

    /// <summary>Puts a durable snapshot on the shelf. False: a newer one is there already.</summary>
    public bool Add(Snapshot snapshot)
    {
        if (_newest is not null && snapshot.Metadata.Index <= _newest.Metadata.Index)
            return false;
        _previous = _newest;
        _newest = snapshot;
        return true;
    }

    private Snapshot? Find(LogIndex index) =>
        _newest?.Metadata.Index == index ? _newest : _previous?.Metadata.Index == index ? _previous : null;
}
