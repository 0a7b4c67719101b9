namespace GaleLb.LoadBalancer.Watching;

/// <summary>The bounds within which a replica serves watchers.</summary>
internal sealed record WatchOptions
{
    /// <summary>Streams that are open at once; one more is answered 429.</summary>
    public int WatchersMax { get; init; } = 64;

    /// <summary>After so long without a message a comment is sent, so that either side notices a dead connection.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a stream looks for what changes without an entry, as who leads.</summary>
    public TimeSpan Look { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Between two looks at the earliest: entries that come closer together are told together.</summary>
    public TimeSpan Gap { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Who takes longer to accept one message is dropped.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Without a leader for so long a stream that is not content with local reads ends: another replica may know more.</summary>
    public TimeSpan LeaderlessMax { get; init; } = TimeSpan.FromSeconds(2);
}
