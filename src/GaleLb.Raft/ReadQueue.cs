namespace GaleLb.Raft;

/// <summary>A read waiting for its index. <paramref name="Origin"/> is none for one of this member's own.</summary>
internal readonly record struct PendingRead(MemberId Origin, ulong Token, long Deadline, ulong Sequence, LogIndex Index);

/// <summary>
/// Reads in three places: at a leader waiting to be put into a round, at a leader in a round waiting for its quorum, and at
/// a follower waiting for its leader's answer.
/// </summary>
internal sealed class ReadQueue
{
    private readonly Queue<PendingRead> _waiting = new();
    private readonly Queue<PendingRead> _inRound = new();
    private readonly SortedDictionary<ulong, PendingRead> _forwarded = [];

    public int Count => _waiting.Count + _inRound.Count + _forwarded.Count;
    public bool HasWaiting => _waiting.Count > 0;

    public void Add(PendingRead read) => _waiting.Enqueue(read);

    public void AddForwarded(ulong wireToken, PendingRead read) => _forwarded.Add(wireToken, read);

    public bool TakeForwarded(ulong wireToken, out PendingRead read) => _forwarded.Remove(wireToken, out read);

    /// <summary>All that wait enter one round, to be answered at <paramref name="index"/>.</summary>
    public void StartRound(ulong sequence, LogIndex index)
    {
        while (_waiting.TryDequeue(out PendingRead read))
            _inRound.Enqueue(read with { Sequence = sequence, Index = index });
    }

    public bool TakeConfirmed(ulong sequence, out PendingRead read) =>
        _inRound.TryPeek(out read) && read.Sequence <= sequence && _inRound.TryDequeue(out read);

    /// <summary>The oldest read whose time is up; deadlines grow in order of arrival.</summary>
    public bool TakeExpired(long now, out PendingRead read)
    {
        if (_inRound.TryPeek(out read) && read.Deadline <= now)
            return _inRound.TryDequeue(out read);
        if (_waiting.TryPeek(out read) && read.Deadline <= now)
            return _waiting.TryDequeue(out read);
        foreach ((ulong wireToken, PendingRead forwarded) in _forwarded)
        {
            read = forwarded;
            return forwarded.Deadline <= now && _forwarded.Remove(wireToken);
        }
        return false;
    }
}
