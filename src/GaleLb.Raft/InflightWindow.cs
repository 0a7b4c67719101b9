namespace GaleLb.Raft;

/// <summary>The appends sent to one peer and not yet answered: a ring of (last index, bytes), bounded by count and by bytes.</summary>
internal sealed class InflightWindow(int countMax, long bytesMax)
{
    private readonly LogIndex[] _last = new LogIndex[countMax];
    private readonly int[] _bytes = new int[countMax];
    private int _start;

    public int Count { get; private set; }
    public long Bytes { get; private set; }
    public bool IsFull => Count == countMax || Bytes >= bytesMax;

    public void Add(LogIndex last, int bytes)
    {
        int slot = (_start + Count) % countMax;
        _last[slot] = last;
        _bytes[slot] = bytes;
        Count++;
        Bytes += bytes;
    }

    /// <summary>Everything up to <paramref name="index"/> has arrived; appends answer in order, so the oldest go first.</summary>
    public void FreeUpTo(LogIndex index)
    {
        while (Count > 0 && _last[_start] <= index)
        {
            Bytes -= _bytes[_start];
            _start = (_start + 1) % countMax;
            Count--;
        }
    }

    public void Clear() => (_start, Count, Bytes) = (0, 0, 0);
}
