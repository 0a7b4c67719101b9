using GaleLb.LoadBalancer.Rest;
using GaleLb.Raft;

namespace GaleLb.LoadBalancer.Watching;

/// <summary>The whole status whenever it is another one but for its age and the time that the replica is up.</summary>
internal sealed class StatusFeed(Func<StatusDocument> status) : IWatchFeed
{
    private string? _told;

    public IEnumerable<WatchMessage> Next()
    {
        StatusDocument now = status();
        LogIndex index = new(now.Raft.AppliedIndex);
        string comparable = WatchMessage.Of(
            "status", index, now with { AgeMs = null, Replica = now.Replica with { UptimeMs = 0 } }, RestJson.Answers.StatusDocument).Json;
        if (comparable == _told)
            yield break;
        yield return WatchMessage.Of("status", index, now, RestJson.Answers.StatusDocument);
        _told = comparable;
    }
}
