using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Rest;
using GaleLb.Raft;
using GaleLb.Replica;

namespace GaleLb.LoadBalancer.Watching;

/// <summary>Answers a read once, or with <c>?watch=true</c> as a stream of server-sent events.</summary>
internal sealed class Watches(WatchHub hub, IReplica replica, LeaderContact contact, TimeProvider time, ILogger<Watches> log)
{
    /// <summary>Begins a stream after an index, null for from the beginning; or says why it cannot.</summary>
    internal delegate (IWatchFeed? Feed, Problem? Problem) Begin(LogIndex? after);

    /// <summary>For reads that are linearizable unless asked otherwise: their streams end when no leader is there for long.</summary>
    public Task<IResult> ReadAsync(HttpRequest request, Func<IResult> once, Begin begin)
    {
        (bool watch, Problem? problem) = IsAsked(request);
        if (problem is not null)
            return Task.FromResult<IResult>(problem);
        return Consistency.ReadAsync(replica, request, watch ? () => Open(request, begin, Consistency.Read(request).Local) : once);
    }

    /// <summary>For reads of what this replica has.</summary>
    public IResult Read(HttpRequest request, Func<IResult> once, Begin begin)
    {
        (bool watch, Problem? problem) = IsAsked(request);
        return problem ?? (watch ? Open(request, begin, local: true) : once());
    }

    /// <summary>Tells a feed of this replica alone, whether or not it has a leader.</summary>
    public IResult Tell(IWatchFeed feed) => new WatchStream(hub, feed, static () => null, time, log);

    private static (bool Watch, Problem? Problem) IsAsked(HttpRequest request) => request.Query["watch"].ToString() switch
    {
        "true" => (true, null),
        "" when !request.Query.ContainsKey("watch") => (false, null),
        "false" => (false, null),
        var other => (false, Problem.BadRequest($"true or false expected, not \"{other}\"", "watch")),
    };

    private IResult Open(HttpRequest request, Begin begin, bool local)
    {
        // A browser that reconnects repeats its first query and adds the header, which is the newer word.
        string last = request.Headers["Last-Event-ID"].ToString();
        (LogIndex? after, Problem? problem) = last.Length > 0 ? IndexQuery.Parse("Last-Event-ID", last) : IndexQuery.Read(request, "from");
        if (problem is not null)
            return problem;
        (IWatchFeed? feed, problem) = begin(after);
        return feed is null ? problem! : new WatchStream(hub, feed, local ? static () => null : Leaderless, time, log);
    }

    private Problem? Leaderless() => contact.Age < hub.Options.LeaderlessMax
        ? null
        : Problem.NoLeader("This replica has lost its leader; another one may know more. With consistency=local the stream goes on.");
}
