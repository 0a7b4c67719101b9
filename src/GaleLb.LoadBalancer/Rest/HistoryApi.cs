using System.Collections.Immutable;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.Replica;
using GaleLb.State;
using GaleLb.State.History;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>
/// The states of indexes that are still kept, and what differs between two of them. Every replica answers the same for
/// one index, as long as it keeps it: each keeps what it has applied itself since it started.
/// </summary>
internal sealed class HistoryApi(IReplica replica, ClusterMachine machine, TableArchive archive)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/state", (HttpRequest request) => Consistency.ReadAsync(replica, request, () => State(request)));
        routes.MapGet("/api/v1/diff", (HttpRequest request) => Consistency.ReadAsync(replica, request, () => Differences(request)));
    }

    private IResult State(HttpRequest request)
    {
        (ClusterState? state, Problem? problem) = request.Query.ContainsKey("index")
            ? IndexQuery.Find(request, "index", machine)
            : (machine.State, null);
        return state is null
            ? problem!
            : Results.Json(StateDocuments.Of(state, archive.Of(state).Digest), RestJson.Answers.StateDocument);
    }

    private IResult Differences(HttpRequest request)
    {
        (ClusterState? from, Problem? problem) = IndexQuery.Find(request, "from", machine);
        if (from is null)
            return problem!;
        (ClusterState? to, problem) = IndexQuery.Find(request, "to", machine);
        if (to is null)
            return problem!;
        StateDifference difference = StateDifference.Between(from, to);
        return Results.Json(
            new DifferencesDocument(
                from.AppliedIndex.Value, to.AppliedIndex.Value, archive.Of(from).Digest, archive.Of(to).Digest, Describe(difference.Settings), Describe(difference.Services),
                Describe(difference.Nodes), Describe(difference.Blacklist), Describe(difference.Blocks),
                [.. difference.Slots.Select(OrderRunner.Describe)]),
            RestJson.Answers.DifferencesDocument);
    }

    private static IReadOnlyList<ItemDifferenceDocument> Describe(ImmutableArray<ItemDifference> items) =>
        [.. items.Select(i => new ItemDifferenceDocument(i.Id, i.Change.ToString().ToLowerInvariant(), Describe(i.Fields)))];

    private static IReadOnlyList<FieldDifferenceDocument> Describe(ImmutableArray<FieldDifference> fields) =>
        [.. fields.Select(f => new FieldDifferenceDocument(f.Field, f.From, f.To))];
}
