namespace GaleLb.Raft;

/// <content>Compaction and snapshots in chunks (thesis ch. 5).</content>
public sealed partial class RaftNode
{
    /// <summary>How many chunks may be on their way to one peer.</summary>
    private const int SnapshotWindowChunks = 4;

    private SnapshotAssembly? _assembly;
    private Snapshot? _snapshotReceived;

    /// <summary>A snapshot at <paramref name="index"/> is durable; entries up to it, less <paramref name="trailing"/>, are forgotten.</summary>
    /// <exception cref="InvalidOperationException">Entries up to <paramref name="index"/> were not all handed out to be applied.</exception>
    public void Compact(LogIndex index, int trailing)
    {
        if (index > _log.Delivered)
            throw new InvalidOperationException($"The log cannot be compacted up to {index}: entries only up to {_log.Delivered} were handed out.");
        LogIndex last = new(index.Value - Math.Min(index.Value, (ulong)trailing));
        _log.Compact(last);
        _memberships.Compact(_log.BaseIndex);
    }

    /// <summary>The peer needs what is compacted. One that is not heard from gets nothing, and is tried again when it is.</summary>
    private void StartSnapshot(Progress peer)
    {
        peer.ProbeOutstanding = true;
        if (!IsActive(peer) || _snapshots.Latest is not { } latest || latest.Index < _log.BaseIndex)
            return;
        long length = _snapshots.Length(latest.Index);
        if (length < 0)
            return;
        peer.BecomeSnapshot(new SnapshotTransfer(latest, length));
        SendChunks(peer, peer.Transfer!);
    }

    private void SendChunks(Progress peer, SnapshotTransfer transfer)
    {
        long window = (long)SnapshotWindowChunks * _options.SnapshotChunkBytes;
        do
        {
            if (!SendChunk(peer, transfer))
            {
                StartOver(peer);
                return;
            }
        }
        while (transfer.Sent < transfer.TotalBytes && transfer.Sent - transfer.Acknowledged < window);
    }

    /// <summary>False: the snapshot is gone, replaced by a newer one.</summary>
    private bool SendChunk(Progress peer, SnapshotTransfer transfer)
    {
        SnapshotMetadata metadata = transfer.Metadata;
        if (_snapshots.Length(metadata.Index) != transfer.TotalBytes)
            return false;
        ReadOnlyMemory<byte> bytes = transfer.Sent == transfer.TotalBytes
            ? ReadOnlyMemory<byte>.Empty
            : _snapshots.Read(metadata.Index, transfer.Sent, _options.SnapshotChunkBytes);
        if (bytes.IsEmpty && transfer.Sent < transfer.TotalBytes)
            return false;
        _messages.Add(new SnapshotChunk(_self, peer.Id, _term, metadata, transfer.Sent, transfer.TotalBytes, bytes));
        transfer.Sent += bytes.Length;
        return true;
    }

    private void HandleSnapshotChunkResponse(SnapshotChunkResponse response)
    {
        if (Heard(response.From) is not { Transfer: { } transfer } peer || transfer.Metadata.Index != response.Index)
            return;
        bool back = response.NextOffset < transfer.Acknowledged;
        if (response.NextOffset > transfer.TotalBytes || response.NextOffset == transfer.Acknowledged || (back && !transfer.Stalled))
            return;
        transfer.Acknowledged = response.NextOffset;
        transfer.Progressed = true;
        transfer.Stalled = false;
        if (back || transfer.Sent < transfer.Acknowledged)
            transfer.Sent = transfer.Acknowledged;
        if (transfer.Sent < transfer.TotalBytes)
            SendChunks(peer, transfer);
    }

    /// <summary>On a heartbeat's answer: if nothing arrived since the last one, the chunk after the acknowledged part is sent again.</summary>
    private void ResumeSnapshot(Progress peer)
    {
        if (peer.Transfer is not { } transfer)
            return;
        if (transfer.Progressed)
        {
            transfer.Progressed = false;
            return;
        }
        transfer.Stalled = true;
        transfer.Sent = transfer.Acknowledged;
        if (!SendChunk(peer, transfer))
            StartOver(peer);
    }

    /// <summary>The snapshot it was being sent is gone: with the newest one from the next heartbeat's answer on.</summary>
    private static void StartOver(Progress peer)
    {
        peer.BecomeProbe(peer.Match.Next());
        peer.ProbeOutstanding = true;
    }

    private void HandleSnapshotChunk(SnapshotChunk chunk)
    {
        FollowLeader(chunk.From);
        SnapshotMetadata metadata = chunk.Metadata;

        // What we have need not be replaced; an entry of that index and term says that all before it are equal too (§3.5).
        if (metadata.Index <= _log.Commit || _log.Matches(metadata.Index, metadata.Term))
        {
            _assembly = null;
            NoteMatched(metadata.Index);
            _log.AdvanceCommit(metadata.Index);
            ReplyAccepted(chunk.From, metadata.Index);
            return;
        }
        if (chunk.TotalBytes > _options.SnapshotBytesMax)
            throw new InvalidDataException($"Snapshot {metadata.Index} from {chunk.From} has {chunk.TotalBytes} bytes; at most {_options.SnapshotBytesMax} are accepted.");
        if (_assembly is null || !_assembly.IsOf(chunk))
            _assembly = new SnapshotAssembly(chunk.From, metadata, chunk.TotalBytes);
        _assembly.Add(chunk);
        Reply(new SnapshotChunkResponse(_self, chunk.From, _term, metadata.Index, _assembly.Received));
        if (!_assembly.IsComplete)
            return;
        Install(_assembly.Complete());
        NoteMatched(metadata.Index);
        ReplyAccepted(chunk.From, metadata.Index);
    }

    private void Install(Snapshot snapshot)
    {
        _assembly = null;
        _founding = false;
        _snapshotReceived = snapshot;
        _log.Restore(snapshot.Metadata.Index, snapshot.Metadata.Term);
        _memberships.Reset(snapshot.Metadata.Index, snapshot.Metadata.Membership);
        ClampOutstanding(LogIndex.Zero);
    }
}
