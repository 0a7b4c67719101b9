namespace GaleLb.Raft;

/// <summary>
/// The configurations of the retained log, newest last. The newest is in force as soon as it is appended (thesis §4.1);
/// truncation brings back the one before.
/// </summary>
internal sealed class MembershipHistory
{
    private readonly List<(LogIndex Index, Membership Membership)> _changes = [];

    public MembershipHistory(LogIndex index, Membership membership) => _changes.Add((index, membership));

    public Membership Current => _changes[^1].Membership;
    public LogIndex CurrentIndex => _changes[^1].Index;

    /// <summary>The configuration in force at <paramref name="index"/>, which must be retained.</summary>
    public Membership At(LogIndex index)
    {
        for (int i = _changes.Count - 1; i > 0; i--)
            if (_changes[i].Index <= index)
                return _changes[i].Membership;
        return _changes[0].Membership;
    }

    /// <summary>Whether the configuration in force at <paramref name="index"/> or a later one is as asked.</summary>
    public bool AnyFrom(LogIndex index, Func<Membership, bool> predicate)
    {
        for (int i = _changes.Count - 1; i >= 0; i--)
        {
            if (predicate(_changes[i].Membership))
                return true;
            if (_changes[i].Index <= index)
                return false;
        }
        return false;
    }

    /// <summary>Drops a configuration that no entry says, if it is still the base.</summary>
    public void ForgetInitial()
    {
        if (_changes[0].Index == LogIndex.Zero)
            _changes[0] = (LogIndex.Zero, Membership.Empty);
    }

    public void Append(LogIndex index, Membership membership) => _changes.Add((index, membership));

    /// <summary>True when a change was rolled back.</summary>
    public bool TruncateAfter(LogIndex last)
    {
        int removed = _changes.RemoveAll(c => c.Index > last);
        return removed > 0;
    }

    public void Compact(LogIndex index)
    {
        while (_changes.Count > 1 && _changes[1].Index <= index)
            _changes.RemoveAt(0);
    }

    public void Reset(LogIndex index, Membership membership)
    {
        _changes.Clear();
        _changes.Add((index, membership));
    }
}
