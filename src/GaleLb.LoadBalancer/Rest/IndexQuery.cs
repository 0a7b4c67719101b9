using System.Globalization;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.Raft;
using GaleLb.State;
using GaleLb.State.History;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>Log indexes in a query, and the states that they name.</summary>
internal static class IndexQuery
{
    /// <summary>Null without a problem when the query has no such index.</summary>
    public static (LogIndex? Index, Problem? Problem) Read(HttpRequest request, string key)
    {
        string text = request.Query[key].ToString();
        return text.Length == 0 ? (null, null) : Parse(key, text);
    }

    public static (LogIndex? Index, Problem? Problem) Parse(string key, string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? (new LogIndex(value), null)
            : (null, Problem.BadRequest($"a log index, as 42, expected; not \"{text}\"", key));

    /// <summary>The state of then, or why there is none. The query must have the index.</summary>
    public static (ClusterState? State, Problem? Problem) Find(HttpRequest request, string key, ClusterMachine machine)
    {
        (LogIndex? index, Problem? problem) = Read(request, key);
        if (problem is not null)
            return (null, problem);
        return index is { } wanted ? Find(wanted, key, machine) : (null, Problem.BadRequest("a log index, as 42, expected", key));
    }

    /// <summary>The state of then, or why there is none.</summary>
    public static (ClusterState? State, Problem? Problem) Find(LogIndex index, string key, ClusterMachine machine)
    {
        StateHistory history = machine.History;
        if (history.Find(index) is { } kept)
            return (kept, null);
        return index > history.Newest
            ? (null, Problem.NotYet(index, history.Newest, key))
            : (null, Problem.Gone(index, history.Oldest, key));
    }
}
