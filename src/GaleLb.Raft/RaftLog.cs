using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace GaleLb.Raft;

/// <summary>
/// The retained log in memory, since the last compaction, with the five positions that matter:
/// <c>Base ≤ Delivered ≤ Commit ≤ Last</c> and <c>Stable ≤ Emitted ≤ Last</c>.
/// </summary>
internal sealed class RaftLog
{
    private readonly List<Entry> _entries;
    private ImmutableArray<Entry> _sliceCached = [];

    public RaftLog(LogIndex baseIndex, Term baseTerm, List<Entry> entries)
    {
        BaseIndex = Commit = Delivered = Applied = baseIndex;
        BaseTerm = baseTerm;
        _entries = entries;
        Stable = Emitted = LastIndex;
    }

    /// <summary>The index just before the first retained entry, and its term: the last that was compacted.</summary>
    public LogIndex BaseIndex { get; private set; }
    public Term BaseTerm { get; private set; }

    public LogIndex FirstIndex => BaseIndex.Next();
    public LogIndex LastIndex => new(BaseIndex.Value + (ulong)_entries.Count);
    public Term LastTerm => _entries.Count == 0 ? BaseTerm : _entries[^1].Term;

    public LogIndex Commit { get; private set; }

    /// <summary>The last entry known to be durable here, and still part of the log.</summary>
    public LogIndex Stable { get; private set; }

    /// <summary>The last entry handed out to be persisted.</summary>
    public LogIndex Emitted { get; private set; }

    /// <summary>The last committed entry handed out to be applied.</summary>
    public LogIndex Delivered { get; private set; }

    public LogIndex Applied { get; private set; }

    public bool HasUnemitted => Emitted < LastIndex;
    public bool HasDeliverable => Deliverable > Delivered;
    private LogIndex Deliverable => Commit < Stable ? Commit : Stable;

    public Entry this[LogIndex index] => _entries[Offset(index)];

    /// <summary>False when the entry is compacted or not there yet.</summary>
    public bool TryTermAt(LogIndex index, out Term term)
    {
        term = Term.Zero;
        if (index < BaseIndex || index > LastIndex)
            return false;
        term = index == BaseIndex ? BaseTerm : _entries[Offset(index)].Term;
        return true;
    }

    public bool Matches(LogIndex index, Term term) => TryTermAt(index, out Term own) && own == term;

    /// <summary>Thesis §3.6.1: the later term wins, then the longer log.</summary>
    public bool IsUpToDate(LogIndex lastIndex, Term lastTerm) =>
        lastTerm > LastTerm || (lastTerm == LastTerm && lastIndex >= LastIndex);

    /// <summary>The last index at or below <paramref name="index"/> whose term is at most <paramref name="term"/>: where two logs may still agree.</summary>
    public LogIndex LastAtMost(LogIndex index, Term term)
    {
        if (index <= BaseIndex)
            return index;
        int low = 0, high = (int)Math.Min((ulong)_entries.Count, index.Value - BaseIndex.Value);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_entries[middle].Term <= term)
                low = middle + 1;
            else
                high = middle;
        }
        return new LogIndex(BaseIndex.Value + (ulong)low);
    }

    public void Append(Entry entry) => _entries.Add(entry);

    /// <summary>Forgets what lies behind <paramref name="last"/>. Committed entries never go: asking for it is a broken invariant.</summary>
    public void TruncateAfter(LogIndex last)
    {
        if (last < Commit)
            throw new InvalidOperationException($"The log would be truncated after {last}, below the commit index {Commit}: a committed entry conflicts.");
        int keep = (int)(last.Value - BaseIndex.Value);
        _entries.RemoveRange(keep, _entries.Count - keep);
        _sliceCached = [];
        Stable = Min(Stable, last);
        Emitted = Min(Emitted, last);
    }

    public void AdvanceCommit(LogIndex index)
    {
        if (index > LastIndex)
            throw new InvalidOperationException($"The commit index would become {index}, beyond the last entry {LastIndex}: this log has lost entries it acknowledged.");
        if (index > Commit)
            Commit = index;
    }

    public void AdvanceStable(LogIndex index)
    {
        if (index > Stable)
            Stable = index;
    }

    public void AdvanceApplied(LogIndex index)
    {
        if (index > Delivered)
            throw new InvalidOperationException($"Entry {index} was reported applied, but entries only up to {Delivered} were handed out.");
        if (index > Applied)
            Applied = index;
    }

    public ImmutableArray<Entry> TakeUnemitted()
    {
        ImmutableArray<Entry> entries = Slice(Emitted.Next(), LastIndex);
        Emitted = LastIndex;
        return entries;
    }

    public ImmutableArray<Entry> TakeDeliverable()
    {
        LogIndex last = Deliverable;
        if (last <= Delivered)
            return [];
        ImmutableArray<Entry> entries = Slice(Delivered.Next(), last);
        Delivered = last;
        return entries;
    }

    /// <summary>The entries from <paramref name="first"/> up to <paramref name="last"/>; peers at the same place share one array.</summary>
    public ImmutableArray<Entry> Slice(LogIndex first, LogIndex last)
    {
        if (last < first)
            return [];
        int count = (int)(last.Value - first.Value) + 1;
        if (_sliceCached.Length == count && _sliceCached[0].Index == first)
            return _sliceCached;
        var slice = new Entry[count];
        _entries.CopyTo(Offset(first), slice, 0, count);
        _sliceCached = ImmutableCollectionsMarshal.AsImmutableArray(slice);
        return _sliceCached;
    }

    public void Compact(LogIndex index)
    {
        if (index <= BaseIndex)
            return;
        BaseTerm = this[index].Term;
        _entries.RemoveRange(0, (int)(index.Value - BaseIndex.Value));
        _sliceCached = [];
        BaseIndex = index;
    }

    /// <summary>Replaces the whole log by a received snapshot that is not durable yet.</summary>
    public void Restore(LogIndex index, Term term)
    {
        _entries.Clear();
        _sliceCached = [];
        BaseIndex = Commit = Delivered = Emitted = index;
        BaseTerm = term;
        Stable = LogIndex.Zero;
    }

    private int Offset(LogIndex index) => (int)(index.Value - BaseIndex.Value - 1);

    private static LogIndex Min(LogIndex a, LogIndex b) => a < b ? a : b;
}
