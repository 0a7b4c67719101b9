using GaleLb.Raft;

namespace GaleLb.Simulation.Replicas;

/// <summary>
/// What a disk holds, as values: hard state, log, snapshot. A ready is written part by part, and a crash leaves a prefix of the parts
/// that were not yet synced.
/// </summary>
internal sealed class ModelDisk : ISnapshotSource
{
    private readonly List<Entry> _entries = [];
    private HardState _hardState;
    private Snapshot? _snapshot;
    private LogLoss _loss;

    public SnapshotMetadata? Latest => _snapshot?.Metadata;
    public Snapshot? Snapshot => _snapshot;

    public RaftRecovery Recovery => new()
    {
        HardState = _hardState,
        Snapshot = Latest,
        Entries = [.. _entries],
        Loss = _loss,
    };

    /// <summary>Loses the last <paramref name="entries"/> entries, and knows it; with as many as there are, also the snapshot.</summary>
    public void Damage(int entries)
    {
        _loss = LogLoss.Certain;
        _entries.RemoveRange(_entries.Count - Math.Min(entries, _entries.Count), Math.Min(entries, _entries.Count));
        if (_entries.Count == 0)
            _snapshot = null;
    }

    public int Entries => _entries.Count;

    public void Recovered() => _loss = LogLoss.None;

    public static int PartsOf(Ready ready) =>
        (ready.HardState is null ? 0 : 1) + (ready.Snapshot is null ? 0 : 1) + ready.Entries.Length;

    /// <summary>Writes the first <paramref name="parts"/> of a ready's parts.</summary>
    public void Write(Ready ready, int parts)
    {
        if (ready.HardState is { } hardState && parts-- > 0)
            _hardState = hardState;
        if (ready.Snapshot is { } snapshot && parts-- > 0)
        {
            _snapshot = snapshot;
            _entries.Clear();
        }
        for (int i = 0; i < ready.Entries.Length && parts-- > 0; i++)
            Write(ready.Entries[i]);
    }

    public void Save(Snapshot snapshot)
    {
        if (_snapshot is not null && snapshot.Metadata.Index <= _snapshot.Metadata.Index)
            return;
        _snapshot = snapshot;
        int covered = 0;
        while (covered < _entries.Count && _entries[covered].Index <= snapshot.Metadata.Index)
            covered++;
        _entries.RemoveRange(0, covered);
    }

    public void ForgetVote(bool termToo) => _hardState = new HardState(termToo ? Term.Zero : _hardState.Term, MemberId.None);

    public void Wipe()
    {
        _entries.Clear();
        _hardState = default;
        _snapshot = null;
    }

    public long Length(LogIndex index) => _snapshot?.Metadata.Index == index ? _snapshot.State.Length : -1;

    public ReadOnlyMemory<byte> Read(LogIndex index, long offset, int maxBytes) =>
        _snapshot?.Metadata.Index != index
            ? ReadOnlyMemory<byte>.Empty
            : _snapshot.State.Slice((int)offset, (int)Math.Min(maxBytes, _snapshot.State.Length - offset));

    private void Write(Entry entry)
    {
        if (_entries.Count > 0 && entry.Index <= _entries[^1].Index)
        {
            int keep = (int)(entry.Index.Value - _entries[0].Index.Value);
            _entries.RemoveRange(keep, _entries.Count - keep);
        }
        _entries.Add(entry);
    }
}
