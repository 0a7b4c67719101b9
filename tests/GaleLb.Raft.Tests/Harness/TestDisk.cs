using System.Collections.Immutable;

namespace GaleLb.Raft.Tests.Harness;

/// <summary>What one member has made durable.</summary>
internal sealed class TestDisk : ISnapshotSource
{
    public HardState HardState { get; private set; }
    public Snapshot? Snapshot { get; private set; }
    public List<Entry> Entries { get; } = [];

    public SnapshotMetadata? Latest => Snapshot?.Metadata;

    /// <summary>Something was lost, and is known to be.</summary>
    public LogLoss Loss { get; private set; }

    public RaftRecovery Recovery => new() { HardState = HardState, Snapshot = Latest, Entries = [.. Entries], Loss = Loss };

    /// <summary>Loses all entries behind <paramref name="last"/>.</summary>
    public void LoseAfter(ulong last, LogLoss loss = LogLoss.Certain)
    {
        Loss = loss;
        Entries.RemoveAll(e => e.Index.Value > last);
    }

    public void Recovered() => Loss = LogLoss.None;

    public void Write(Ready ready)
    {
        HardState = ready.HardState ?? HardState;
        if (ready.Snapshot is { } snapshot)
        {
            Snapshot = snapshot;
            Entries.Clear();
        }
        if (!ready.Entries.IsEmpty)
        {
            Entries.RemoveAll(e => e.Index >= ready.Entries[0].Index);
            Entries.AddRange(ready.Entries);
        }
    }

    public void Save(Snapshot snapshot)
    {
        Snapshot = snapshot;
        Entries.RemoveAll(e => e.Index <= snapshot.Metadata.Index);
    }

    public void Preset(HardState hardState, IEnumerable<Entry> entries)
    {
        HardState = hardState;
        Entries.AddRange(entries);
    }

    public long Length(LogIndex index) => Snapshot?.Metadata.Index == index ? Snapshot.State.Length : -1;

    public ReadOnlyMemory<byte> Read(LogIndex index, long offset, int maxBytes) =>
        Snapshot?.Metadata.Index != index
            ? ReadOnlyMemory<byte>.Empty
            : Snapshot.State.Slice((int)offset, (int)Math.Min(maxBytes, Snapshot.State.Length - offset));
}
