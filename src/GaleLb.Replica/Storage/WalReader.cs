using System.Buffers.Binary;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>
/// Reads the WAL back at start. A torn tail (what a crash leaves of the last, never acknowledged batch) ends the log; damage
/// before a position that some later batch calls durable is refused. Reads only: <see cref="Settle"/> gives the operations
/// that must be executed before anything read here is relied upon.
/// </summary>
internal sealed class WalReader
{
    private readonly IDisk _disk;
    private readonly MemberId _self;
    private readonly List<Entry> _entries = [];
    private readonly List<WalSegment> _segments = [];
    private byte[] _tailBytes = [];
    private int _lastBatch = WalFormat.SegmentHeaderBytes;
    private int _dirtyEnd;
    private readonly List<string> _unused = [];

    public WalReader(IDisk disk, MemberId self)
    {
        _disk = disk;
        _self = self;
    }

    /// <summary>The log's entries, contiguous.</summary>
    public IReadOnlyList<Entry> Entries => _entries;

    /// <summary>The snapshot that a reset record names as what the log continues behind; zero when the log has none.</summary>
    public (LogIndex Index, Term Term) Base { get; private set; }

    public List<WalSegment> Segments => _segments;
    public WalPosition Tail { get; private set; }
    public long Capacity => _tailBytes.Length;

    /// <summary>The length of an allocated next segment that was never used, or 0.</summary>
    public long SpareBytes { get; private set; }

    /// <summary>Bytes of a torn batch that were cut off.</summary>
    public long TruncatedBytes { get; private set; }

    /// <summary>An intact record lay behind the first broken one: a reordered write, or damage to the last batch.</summary>
    public bool TailSuspect { get; private set; }

    public void Read()
    {
        List<(ulong Number, string Name)> files = [];
        foreach (string name in _disk.List())
            if (WalFormat.TryParseSegmentName(name, out ulong number))
                files.Add((number, name));
        if (files.Count == 0)
            throw StorageException.Damaged(_disk, WalFormat.SegmentName(1), 0, "there is no WAL segment at all");
        for (int i = 1; i < files.Count; i++)
            if (files[i].Number != files[i - 1].Number + 1)
                throw StorageException.Damaged(_disk, WalFormat.SegmentName(files[i - 1].Number + 1), 0, "the segment is missing");

        byte[] bytes = Load(files[0].Name);
        if (!HeaderIntact(files[0], bytes, out _))
            throw StorageException.Damaged(_disk, files[0].Name, 0, "its header is not what was written");
        for (int i = 0; ; i++)
        {
            int end = Scan(files[i], bytes);
            if (i + 1 == files.Count)
            {
                EndAt(files[i], bytes, end);
                return;
            }

            byte[] following = Load(files[i + 1].Name);
            if (!HeaderIntact(files[i + 1], following, out long previousEnd))
            {
                LeaveUnused(files, i + 1, following);
                EndAt(files[i], bytes, end);
                return;
            }

            if (end != previousEnd)
                throw StorageException.Damaged(_disk, files[i].Name, end, $"no intact record, but the next segment says that it was written up to byte {previousEnd}");
            bytes = following;
        }
    }

    /// <summary>
    /// Writes the last batch again and zeroes what lies behind it, then syncs. Again, because after a failed sync the page
    /// cache may show what the disk never took; zeroes, so that no leftover of a torn batch can ever pass for a record.
    /// </summary>
    public void Settle(List<DiskOperation> operations)
    {
        string file = WalFormat.SegmentName(Tail.Segment);
        int tail = (int)Tail.Offset;
        _tailBytes.AsSpan(tail, Math.Max(0, _dirtyEnd - tail)).Clear();
        int end = Math.Max(tail, _dirtyEnd);
        operations.Add(DiskOperation.Write(file, 0, _tailBytes.AsMemory(0, WalFormat.SegmentHeaderBytes)));
        if (end > _lastBatch)
            operations.Add(DiskOperation.Write(file, _lastBatch, _tailBytes.AsMemory(_lastBatch, end - _lastBatch)));
        operations.Add(DiskOperation.Sync(file));

        // From the end, so that no crash leaves a gap in the numbers.
        for (int i = _unused.Count - 1; i >= 0; i--)
            operations.Add(DiskOperation.Delete(_unused[i]));
        operations.Add(DiskOperation.SyncDirectory());
    }

    private byte[] Load(string name)
    {
        long length = _disk.Length(name);
        if (length > Array.MaxLength)
            throw StorageException.Damaged(_disk, name, 0, $"a segment of {length} bytes was never written");
        byte[] bytes = new byte[length];
        int read = _disk.Read(name, 0, bytes);
        return read == length ? bytes : throw StorageException.Damaged(_disk, name, read, "it ends before its length");
    }

    private bool HeaderIntact((ulong Number, string Name) file, byte[] bytes, out long previousEnd)
    {
        previousEnd = 0;
        if (bytes.Length < WalFormat.SegmentHeaderBytes || !bytes.AsSpan().StartsWith(WalFormat.Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(60)) != Crc32C.Compute(bytes.AsSpan(0, 60)))
            return false;
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));
        if (version > WalFormat.Version)
            throw StorageException.Newer(_disk, file.Name, version, WalFormat.Version);
        MemberId owner = new(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16)));
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(24));
        if (owner != _self || number != file.Number)
            throw StorageException.Damaged(_disk, file.Name, 16, $"it is segment {number} of member {owner}, not segment {file.Number} of {_self}");
        previousEnd = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(32));
        return true;
    }

    /// <summary>Takes in every record from the front; the offset of the first that is not intact.</summary>
    private int Scan((ulong Number, string Name) file, byte[] bytes)
    {
        WalSegment segment = new(file.Number, LogIndex.Zero);
        _segments.Add(segment);
        _lastBatch = WalFormat.SegmentHeaderBytes;
        int offset = WalFormat.SegmentHeaderBytes;
        while (WalFormat.TryReadRecord(bytes, _self, new WalPosition(file.Number, offset), out WalRecord record))
        {
            switch (record.Kind)
            {
                case WalRecordKind.Batch when record.PayloadBytes == 16:
                    _lastBatch = offset;
                    break;
                case WalRecordKind.Reset when record.PayloadBytes == 16:
                    (LogIndex index, Term term) = Position(bytes, record);
                    _entries.Clear();
                    Base = (index, term);
                    segment.HighestIndex = Highest(segment, index);
                    break;
                case WalRecordKind.Entry when record.PayloadBytes >= WalFormat.EntryFieldBytes:
                    TakeEntry(file, offset, bytes, record);
                    segment.HighestIndex = Highest(segment, _entries[^1].Index);
                    break;
                default:
                    throw StorageException.Damaged(_disk, file.Name, offset, $"an intact record of kind {(byte)record.Kind} with {record.PayloadBytes} bytes is unknown to this version");
            }

            offset += record.TotalBytes;
        }

        return offset;
    }

    private void TakeEntry((ulong Number, string Name) file, int offset, byte[] bytes, in WalRecord record)
    {
        (LogIndex index, Term term) = Position(bytes, record);
        ReadOnlyMemory<byte> payload = bytes.AsMemory(record.PayloadOffset + WalFormat.EntryFieldBytes, record.PayloadBytes - WalFormat.EntryFieldBytes);
        if (_entries.Count > 0 && index <= _entries[^1].Index)
        {
            // What was there and beyond is replaced. The start of the log may itself lie in a deleted segment.
            ulong first = _entries[0].Index.Value;
            int keep = index.Value <= first ? 0 : (int)(index.Value - first);
            _entries.RemoveRange(keep, _entries.Count - keep);
        }

        LogIndex expected = _entries.Count > 0 ? _entries[^1].Index.Next() : Base.Index == LogIndex.Zero ? index : Base.Index.Next();
        if (index > expected)
            throw StorageException.Damaged(_disk, file.Name, offset, $"entry {index} follows where entry {expected} belongs");
        _entries.Add(new Entry(index, term, record.EntryKind, payload));
    }

    private void EndAt((ulong Number, string Name) file, byte[] bytes, int end)
    {
        int last = bytes.AsSpan(end).LastIndexOfAnyExcept((byte)0);
        _dirtyEnd = last < 0 ? end : end + last + 1;
        Tail = new WalPosition(file.Number, end);
        _tailBytes = bytes;
        if (last < 0)
            return;
        RefuseIfDurable(file, bytes, end, Tail);
        TruncatedBytes = _dirtyEnd - end;
    }

    /// <summary>Whether some batch behind <paramref name="from"/> calls a place behind <paramref name="broken"/> durable.</summary>
    private void RefuseIfDurable((ulong Number, string Name) file, byte[] bytes, int from, WalPosition broken)
    {
        for (int offset = from; offset + WalFormat.RecordHeaderBytes <= bytes.Length; offset += 8)
        {
            if (!WalFormat.TryReadRecord(bytes, _self, new WalPosition(file.Number, offset), out WalRecord record))
                continue;
            TailSuspect = true;
            if (record.Kind != WalRecordKind.Batch || record.PayloadBytes != 16)
                continue;
            WalPosition durable = new(
                BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(record.PayloadOffset)),
                BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(record.PayloadOffset + 8)));
            if (durable > broken)
                throw StorageException.Damaged(
                    _disk, WalFormat.SegmentName(broken.Segment), broken.Offset,
                    $"no intact record, but the batch at byte {offset} of {file.Name} was written when everything up to segment {durable.Segment}, byte {durable.Offset}, was durable");
        }
    }

    /// <summary>
    /// Segments at the end without a header were allocated ahead, or torn in their first write: one under way when the machine
    /// stopped, and one allocated behind it. With a record that belongs to them they are damaged.
    /// </summary>
    private void LeaveUnused(List<(ulong Number, string Name)> files, int first, byte[] bytes)
    {
        for (int at = first; at < files.Count; at++)
        {
            byte[] content = at == first ? bytes : Load(files[at].Name);
            if (at > first && HeaderIntact(files[at], content, out _))
                throw StorageException.Damaged(_disk, files[first].Name, 0, $"its header is not what was written, but {files[at].Name} was written after it");
            RefuseIfDurable(files[at], content, 0, new WalPosition(files[first].Number, 0));

            // Header and first record share a sector and were one write: a crash keeps both or neither.
            if (WalFormat.TryReadRecord(content, _self, new WalPosition(files[at].Number, WalFormat.SegmentHeaderBytes), out _))
                throw StorageException.Damaged(_disk, files[at].Name, 0, "its header is not what was written, but a record follows it");
            if (at == first && WalFormat.IsZero(content))
            {
                SpareBytes = content.Length;
                continue;
            }

            TruncatedBytes += WalFormat.IsZero(content) ? 0 : content.Length;
            _unused.Add(files[at].Name);
        }
    }

    private static (LogIndex Index, Term Term) Position(byte[] bytes, in WalRecord record) => (
        new LogIndex(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(record.PayloadOffset))),
        new Term(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(record.PayloadOffset + 8))));

    private static LogIndex Highest(WalSegment segment, LogIndex index) => index > segment.HighestIndex ? index : segment.HighestIndex;
}
