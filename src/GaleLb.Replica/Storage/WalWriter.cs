using System.Buffers.Binary;
using GaleLb.Raft;

namespace GaleLb.Replica.Storage;

/// <summary>A segment that is on disk: its number and the highest index any record of it names.</summary>
internal sealed class WalSegment(ulong number, LogIndex highestIndex)
{
    public ulong Number { get; } = number;
    public LogIndex HighestIndex { get; set; } = highestIndex;
}

/// <summary>
/// Turns entries into disk operations: what is added between two flushes becomes one batch, in one write and one sync
/// (two where it crosses into the next segment). The caller executes every flush's operations before the next flush.
/// Behind the sync the mark says how far the log is durable.
/// </summary>
internal sealed class WalWriter
{
    private const int BufferKeptBytes = 4 << 20;

    private readonly record struct Item(Entry? Entry, LogIndex Index, Term Term)
    {
        public int RecordBytes => Entry is null ? WalFormat.ResetRecordBytes : WalFormat.EntryRecordBytes(Entry);
    }

    private readonly MemberId _self;
    private readonly long _segmentBytes;
    private readonly List<WalSegment> _segments;
    private readonly List<Item> _items = [];
    private readonly DurableMark _mark;
    private byte[] _buffer = new byte[64 << 10];
    private int _used;
    private WalPosition _tail;
    private long _capacity;
    private ulong _spare;
    private long _spareBytes;
    private ulong _spareAsked;

    /// <summary>The segment that the last finished flush ended in: until the flush under way is durable, the log needs it.</summary>
    private ulong _durableSegment;

    /// <param name="segments">What is on disk, oldest first, the last being the active one.</param>
    /// <param name="tail">Where the next record goes; everything before it is durable.</param>
    /// <param name="capacity">The active segment's length in bytes.</param>
    /// <param name="spareBytes">The length of an allocated, unused next segment, or 0.</param>
    public WalWriter(MemberId self, long segmentBytes, List<WalSegment> segments, WalPosition tail, long capacity, long spareBytes)
    {
        _self = self;
        _mark = new DurableMark(self);
        _segmentBytes = segmentBytes;
        _segments = segments;
        _tail = tail;
        _durableSegment = tail.Segment;
        _capacity = capacity;
        if (spareBytes == 0)
            return;
        _spare = _spareAsked = tail.Segment + 1;
        _spareBytes = spareBytes;
    }

    public WalPosition Tail => _tail;

    /// <summary>Whether the next segment should be allocated ahead, so that a full disk is known while there is still room.</summary>
    public bool NeedsSpare => _spareAsked <= _tail.Segment;

    public void Add(Entry entry) => _items.Add(new Item(entry, entry.Index, entry.Term));

    public void AddReset(LogIndex index, Term term) => _items.Add(new Item(null, index, term));

    /// <summary>Appends the operations that make durable what was added. The bytes stay valid until the next flush.</summary>
    public void Flush(List<DiskOperation> operations)
    {
        if (_buffer.Length > BufferKeptBytes)
            _buffer = new byte[64 << 10];
        _used = 0;
        _durableSegment = _tail.Segment;
        int total = 0;
        foreach (Item item in _items)
            total += item.RecordBytes;

        // One _buffer for the whole flush: slices already handed out must not move.
        int segmentsCrossed = 2 + (int)(total / (_segmentBytes / 2));
        Reserve(total + (segmentsCrossed * (WalFormat.SegmentHeaderBytes + WalFormat.BatchRecordBytes)));
        int next = 0;
        while (next < _items.Count)
        {
            int start = _used;
            long offset = _tail.Offset;
            WalPosition durable = _tail;
            if (_tail.Offset + WalFormat.BatchRecordBytes + _items[next].RecordBytes > _capacity)
            {
                Roll(_items[next].RecordBytes, operations);
                offset = 0;
            }

            WriteBatch(durable, ref next);
            string file = WalFormat.SegmentName(_tail.Segment);
            operations.Add(DiskOperation.Write(file, offset, _buffer.AsMemory(start, _used - start)));
            operations.Add(DiskOperation.Sync(file));
        }

        if (_items.Count > 0)
            MarkDurable(operations);
        _items.Clear();
    }

    /// <summary>The operation that writes down, unsynced, that everything before the tail is durable.</summary>
    public void MarkDurable(List<DiskOperation> operations) => operations.Add(_mark.Write(_tail));

    /// <summary>The operations that allocate the next segment.</summary>
    public void AllocateSpare(List<DiskOperation> operations)
    {
        _spareAsked = _tail.Segment + 1;
        operations.Add(DiskOperation.Allocate(WalFormat.SegmentName(_spareAsked), _segmentBytes));
        operations.Add(DiskOperation.SyncDirectory());
    }

    /// <summary>What <see cref="AllocateSpare"/> asked for is done, or could not be.</summary>
    public void SpareAllocated(bool succeeded)
    {
        if (!succeeded)
        {
            _spareAsked = _spare;
            return;
        }

        _spare = _spareAsked;
        _spareBytes = _segmentBytes;
    }

    /// <summary>Deletes the segments whose every entry is at or below <paramref name="index"/>, oldest first.</summary>
    public void Compact(LogIndex index, List<DiskOperation> operations)
    {
        int count = 0;
        while (_segments[count].Number < _durableSegment && _segments[count].HighestIndex <= index)
            operations.Add(DiskOperation.Delete(WalFormat.SegmentName(_segments[count++].Number)));
        _segments.RemoveRange(0, count);
        if (count > 0)
            operations.Add(DiskOperation.SyncDirectory());
    }

    private void Roll(int recordBytes, List<DiskOperation> operations)
    {
        ulong number = _tail.Segment + 1;
        long needed = WalFormat.SegmentHeaderBytes + WalFormat.BatchRecordBytes + recordBytes;
        long length = needed <= _segmentBytes ? _segmentBytes : (needed + 4095) & ~4095L;
        if (_spare != number || _spareBytes < length)
        {
            operations.Add(DiskOperation.Allocate(WalFormat.SegmentName(number), length));
            operations.Add(DiskOperation.SyncDirectory());
        }

        WalFormat.WriteSegmentHeader(_buffer.AsSpan(_used), _self, number, _tail.Offset);
        _used += WalFormat.SegmentHeaderBytes;
        _tail = new WalPosition(number, WalFormat.SegmentHeaderBytes);
        _capacity = length;
        _segments.Add(new WalSegment(number, LogIndex.Zero));
    }

    private void WriteBatch(WalPosition durable, ref int next)
    {
        Span<byte> batch = _buffer.AsSpan(_used);
        BinaryPrimitives.WriteUInt64LittleEndian(batch[WalFormat.RecordHeaderBytes..], durable.Segment);
        BinaryPrimitives.WriteInt64LittleEndian(batch[(WalFormat.RecordHeaderBytes + 8)..], durable.Offset);
        Seal(WalRecordKind.Batch, EntryKind.Empty, 16);
        while (next < _items.Count && _tail.Offset + _items[next].RecordBytes <= _capacity)
            WriteItem(_items[next++]);
    }

    private void WriteItem(in Item item)
    {
        Span<byte> payload = _buffer.AsSpan(_used + WalFormat.RecordHeaderBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(payload, item.Index.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], item.Term.Value);
        WalSegment active = _segments[^1];
        if (item.Index > active.HighestIndex)
            active.HighestIndex = item.Index;
        if (item.Entry is not { } entry)
        {
            Seal(WalRecordKind.Reset, EntryKind.Empty, 16);
            return;
        }

        entry.Payload.Span.CopyTo(payload[WalFormat.EntryFieldBytes..]);
        Seal(WalRecordKind.Entry, entry.Kind, WalFormat.EntryFieldBytes + entry.Payload.Length);
    }

    private void Seal(WalRecordKind kind, EntryKind entryKind, int payloadBytes)
    {
        int total = WalFormat.RecordBytes(payloadBytes);
        WalFormat.SealRecord(_buffer.AsSpan(_used, total), kind, entryKind, payloadBytes, _self, _tail);
        _used += total;
        _tail = _tail with { Offset = _tail.Offset + total };
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length < bytes)
            _buffer = new byte[bytes];
    }
}
