using GaleLb.LoadBalancer.Cluster;
using GaleLb.Replica;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>What a read may show: <c>?consistency=</c>.</summary>
internal static class Consistency
{
    /// <summary>Lets the read see at least all that was committed when it came, unless it asks for what the replica has.</summary>
    public static async Task<IResult> ReadAsync(IReplica replica, HttpRequest request, Func<IResult> read)
    {
        (bool local, Problem? problem) = Read(request);
        if (problem is not null)
            return problem;
        return local || await ReadBarrier.PassAsync(replica, request.HttpContext.RequestAborted)
            ? read()
            : Problem.NoLeader("No leader could confirm that this replica is up to date. With ?consistency=local it answers from what it has.");
    }

    /// <summary>Whether a request is content with what the replica has.</summary>
    public static (bool Local, Problem? Problem) Read(HttpRequest request) => request.Query["consistency"].ToString() switch
    {
        "local" => (true, null),
        "" or "linearizable" => (false, null),
        _ => (false, Problem.Invalid("consistency", "\"linearizable\" or \"local\" expected")),
    };
}
