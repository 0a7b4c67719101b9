using GaleLb.Raft;
using GaleLb.State.Nodes;

namespace GaleLb.State.Health;

/// <summary>All that a leader remembers of one node's name. Volatile: gone with the leadership.</summary>
internal sealed class NodeWatch(string name)
{
    private const int ClaimantsMax = 4;

    private readonly List<Claimant> _claimants = [];

    public string Name { get; } = name;

    /// <summary>The record as last seen, to notice its changes.</summary>
    public NodeRecord? Record { get; set; }

    public InFlight? InFlight { get; set; }

    /// <summary>Where it waits in the wheel; -1 nowhere.</summary>
    public long ScheduledTick { get; set; } = -1;
    public bool IsQueued { get; set; }

    /// <summary>Nothing to decide until something new is said or its deadline comes: heartbeats cost nothing more.</summary>
    public bool IsSteady { get; set; }

    /// <summary>When this leader saw it put on probation by the end of a blacklisting; null when it was not.</summary>
    public TimeSpan? ProbationAt { get; set; }

    /// <summary>What its holder should know and a person with it, as of <see cref="NoticeAt"/>.</summary>
    public string? Notice { get; set; }
    public TimeSpan NoticeAt { get; set; }
    public IReadOnlyList<Claimant> Claimants => _claimants;
    public bool IsFull => _claimants.Count >= ClaimantsMax;

    public Claimant? Find(ulong instance)
    {
        foreach (Claimant claimant in _claimants)
            if (claimant.Instance == instance)
                return claimant;
        return null;
    }

    /// <summary>The claimant of that instance, new if need be; null when too many claim the name already.</summary>
    public Claimant? FindOrAdd(ulong instance, TimeSpan heardAt) =>
        Find(instance) ?? (IsFull ? null : Add(instance, heardAt));

    /// <summary>The claimant that holds the name, which has its seat whoever else claims it.</summary>
    public Claimant Holder(ulong instance, TimeSpan heardAt) => Find(instance) ?? Add(instance, heardAt);

    public void RemoveRivalsSilentSince(TimeSpan heardBefore, ulong? holder) =>
        _claimants.RemoveAll(c => c.Instance != holder && c.HeardAt <= heardBefore);

    private Claimant Add(ulong instance, TimeSpan heardAt)
    {
        Claimant claimant = new(instance, heardAt);
        _claimants.Add(claimant);
        return claimant;
    }
}

/// <summary>
/// A decision that was proposed and has not shown in the state: based on <paramref name="Seen"/>, for the
/// <paramref name="Attempt"/>-th time, not to be repeated before <paramref name="RetryAt"/>.
/// </summary>
internal sealed record InFlight(LogIndex Seen, int Attempt, TimeSpan RetryAt)
{
    private const long FirstRetryMs = 1000;
    private const int DoublingsMax = 3;

    /// <summary>The next attempt: after a second, then twice as long each time, up to eight seconds.</summary>
    public static InFlight After(InFlight? last, LogIndex seen, TimeSpan now)
    {
        int attempt = last is not null && last.Seen == seen ? last.Attempt + 1 : 1;
        return new InFlight(seen, attempt, now + TimeSpan.FromMilliseconds(FirstRetryMs << Math.Min(attempt - 1, DoublingsMax)));
    }
}
