using System.Collections.Immutable;
using GaleLb.DataPlane;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.LoadBalancer.Watching;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.State;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>What can be asked of a replica. Reads are linearizable unless <c>?consistency=local</c>; the first five are always local.</summary>
internal sealed class ReadApi(
    ReplicaIdentity identity, IReplica replica, ClusterMachine machine, TableReconciler tables, TableArchive archive, AnswerBasis basis, IDataPlane dataPlane,
    Readiness readiness, PeerNetwork network, PeerDirectory directory, FileSettings file, ObservationDesk observations,
    LeaderContact contact, LogClock clock, WatchHub hub, Watches watches, SettingsWatch settings, DigestWatch digests, Refusals refusals,
    TimeProvider time, IReadOnlyList<string> warnings)
{
    private readonly long _startedAt = time.GetTimestamp();

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", () => Results.Text("ok\n"));
        routes.MapGet("/readyz", Ready);
        routes.MapGet("/metrics", () => Results.Text(Metrics.Write(
            replica.Status, machine.State, tables.View, dataPlane, contact, hub, digests.Alarm is null, refusals), Metrics.ContentType));
        routes.MapGet("/openapi/v1.json", OpenApiDocument.Serve);
        routes.MapGet("/api/v1/status", (HttpRequest request) => watches.Read(
            request, () => Results.Json(Status(), RestJson.Answers.StatusDocument), _ => (new StatusFeed(Status), null)));
        routes.MapGet("/api/v1/cluster", () => Results.Json(Cluster(), RestJson.Answers.ClusterDocument));
        routes.MapGet("/api/v1/nodes", (HttpRequest request) => watches.ReadAsync(
            request, () => Results.Json(Nodes(machine.State), RestJson.Answers.NodesDocument), BeginNodes));
        routes.MapGet("/api/v1/nodes/{id}", (HttpRequest request, string id) => ReadAsync(request, () => Node(request.HttpContext, id)));
        routes.MapGet("/api/v1/blacklist", (HttpRequest request) => ReadAsync(request, Blacklist));
        routes.MapGet("/api/v1/blocks", (HttpRequest request) => ReadAsync(request, Blocks));
        routes.MapGet("/api/v1/services", (HttpRequest request) => ReadAsync(request, Services));
        routes.MapGet("/api/v1/services/{name}", (HttpRequest request, string name) => ReadAsync(request, () => Service(request.HttpContext, name)));
        routes.MapGet("/api/v1/services/{name}/ring", (HttpRequest request, string name) => ReadAsync(request, () => Ring(name)));
        routes.MapGet("/api/v1/events", (HttpRequest request) => watches.ReadAsync(
            request, () => Events(request), after => BeginEvents(request, after)));
    }

    private IResult Ready()
    {
        readiness.Follow(tables.View);
        string? missing = readiness.Missing(replica.Status.Founding, dataPlane.Status.Attached);
        return missing is null
            ? Results.Text("ready\n")
            : new Problem(StatusCodes.Status503ServiceUnavailable, "Not ready", missing, retryAfter: TimeSpan.FromSeconds(1));
    }

    private Task<IResult> ReadAsync(HttpRequest request, Func<IResult> read) => Consistency.ReadAsync(replica, request, read);

    private StatusDocument Status()
    {
        ReplicaStatus status = replica.Status;
        ClusterState state = machine.State;
        NodeTally tally = state.Tally;
        DataPlaneStatus plane = dataPlane.Status;
        // Once: index and digest must be of one table.
        TableView table = tables.View;
        return basis.WithoutDigest(state, new StatusDocument(
            new ReplicaDocument(
                status.Self.ToString(), identity.Address, state.ClusterId.ToString(), identity.Version,
                (long)time.GetElapsedTime(_startedAt).TotalMilliseconds),
            new RaftDocument(
                RoleName(status.Role), status.Term.Value, Text(status.Leader), status.Membership.Find(status.Leader)?.Address,
                status.CommitIndex.Value, state.AppliedIndex.Value, status.LastIndex.Value, status.SnapshotIndex.Value, status.LeaderContact,
                LogWord(status.Loss)),
            new NodeCountsDocument(tally.Total, tally.Routable, tally.Probing, tally.Draining, tally.Blacklisted, tally.Down, tally.Suspect),
            new DataPlaneDocument(
                plane.Attached, ModeName(plane.Mode), table.KernelIndex.Value, table.Digest,
                [.. plane.Interfaces.Select(i => new InterfaceDocument(i.Name, i.Role.ToString().ToLowerInvariant(), ModeName(i.Mode)))],
                [.. plane.NextHops.Where(n => !n.Resolved).Select(n => n.Name)], table.Error),
            status.Founding.Waiting ? status.Founding.Reason : null,
            [
                .. digests.Alarm is { } alarm ? [alarm] : Array.Empty<string>(), .. warnings,
                .. settings.Refusal is { } refusal ? [refusal] : Array.Empty<string>(), .. plane.Warnings,
            ]));
    }

    private ClusterDocument Cluster()
    {
        ReplicaStatus status = replica.Status;
        ImmutableArray<MemberDocument> members = [.. status.Membership.Members.Select(m => Describe(m, status))];
        var strangers = directory.All
            .Where(p => p.Introduction is not null && status.Membership.Find(p.Id) is null)
            .ToLookup(p => p.Refusal is not null);
        var atEqualIndex = members
            .Where(m => m is { Reachable: true, TableDigest: not null })
            .GroupBy(m => m.AppliedIndex);
        ClusterState state = machine.State;
        return basis.WithoutDigest(state, new ClusterDocument(
            state.ClusterId.ToString(), Text(status.Leader), status.Term.Value, members,
            [.. strangers[false].Select(p => Stranger(p, "not a member: POST /api/v1/cluster/members admits it"))],
            [.. directory.All.Where(p => p.Refusal is not null).Select(p => Stranger(p, p.Refusal!))],
            status.Founding.Waiting ? status.Founding.Reason : null,
            digests.Alarm is null && atEqualIndex.All(same => same.Select(m => m.TableDigest).Distinct(StringComparer.Ordinal).Count() == 1)));
    }

    private MemberDocument Describe(Member member, ReplicaStatus status)
    {
        // Once: index and digest must be of one table, or they would look like another one's.
        TableView own = tables.View;
        if (member.Id == status.Self)
            return new MemberDocument(
                member.Id.ToString(), member.Address, RoleName(member, status), member.Vacant, true, status.LastIndex.Value, file.Digest,
                own.Index.Value, own.Digest, identity.ApiAddress, identity.Version, Differences(settings.OwnDifferences, fromTheCluster: true));
        PeerRecord? peer = directory.Find(member.Id);
        ulong? match = status.Progress.FirstOrDefault(p => p.Id == member.Id)?.Match.Value;
        bool reachable = peer is { Refusal: null } && network.IsReachable(peer);
        return new MemberDocument(
            member.Id.ToString(), member.Address, RoleName(member, status), member.Vacant, reachable, match,
            peer?.Introduction?.ConfigDigest, peer?.Introduction?.AppliedIndex, peer?.Introduction?.TableDigest,
            peer?.Introduction?.ApiAddress, peer?.Introduction?.Version, Differences(peer?.Differences ?? [], peer is { FromTheCluster: true }));
    }

    private static StrangerDocument Stranger(PeerRecord peer, string reason) =>
        new(peer.Id.ToString(), peer.Address, reason, Differences(peer.Differences, peer.FromTheCluster));

    private static ImmutableArray<DifferenceDocument> Differences(ImmutableArray<SettingDifference> differences, bool fromTheCluster) =>
    [
        .. differences.Select(d => fromTheCluster
            ? new DifferenceDocument(d.Key, "cluster", d.Ours, null, d.Theirs)
            : new DifferenceDocument(d.Key, "here", null, d.Ours, d.Theirs)),
    ];

    private NodesDocument Nodes(ClusterState state) => basis.Of(state, new NodesDocument(Describe(state.Nodes.Values, state)));

    private NodeChangesDocument NodeChanges(ClusterState state, LogIndex after, IReadOnlyList<string> removed) =>
        basis.WithoutDigest(state, new NodeChangesDocument(Describe(state.Nodes.Values.Where(n => n.LastChange > after), state), removed));

    private (IWatchFeed?, Problem?) BeginNodes(LogIndex? after)
    {
        if (after is not { } index)
            return (new NodeFeed(machine, told: null, Nodes, NodeChanges), null);
        (ClusterState? told, Problem? problem) = IndexQuery.Find(index, "from", machine);
        return told is null ? (null, problem) : (new NodeFeed(machine, told, Nodes, NodeChanges), null);
    }

    private NodeDocument[] Describe(IEnumerable<NodeRecord> nodes, ClusterState state)
    {
        ILookup<string, NodeCounter> counters = dataPlane.ReadCounters().Nodes.ToLookup(c => c.Name, StringComparer.Ordinal);
        HashSet<string> unresolved = Unresolved();
        return [.. nodes.Select(n => Describe(n, state, counters[n.Name].FirstOrDefault(), unresolved))];
    }

    private IResult Node(HttpContext context, string id)
    {
        ClusterState state = machine.State;
        if (state.FindNode(id) is not { } node)
            return Problem.NotFound("node", id);
        context.Response.Headers.ETag = $"\"{node.LastChange}\"";
        NodeCounter? counter = dataPlane.ReadCounters().Nodes.FirstOrDefault(c => c.Name == id);
        return Results.Json(basis.Of(state, Describe(node, state, counter, Unresolved())), RestJson.Answers.NodeDocument);
    }

    private HashSet<string> Unresolved() =>
        new(dataPlane.Status.NextHops.Where(n => !n.Resolved).Select(n => n.Name), StringComparer.Ordinal);

    private NodeDocument Describe(NodeRecord node, ClusterState state, NodeCounter? counter, HashSet<string> unresolved)
    {
        NodeLiveness live = observations.Liveness(node.Name);
        BlacklistEntry? ban = state.Blacklist.GetValueOrDefault(node.Name);
        long? left = ban is null ? null : MsLeft(ban);
        return new NodeDocument(
            node.Name, node.Place?.Address.ToString() ?? "", node.Port, node.State.ToString().ToLowerInvariant(), node.IsSuspect,
            node.EffectiveWeight, live.Passes, (uint)node.Fails, live.AgeMs, live.Replica, left is { } ms ? WallIn(ms) : null, left,
            ban?.Reason ?? (node.Phase == NodePhase.Down ? Snake(node.DownReason.ToString()) : null), node.Services,
            !unresolved.Contains(node.Name), counter?.Traffic.Connections ?? 0,
            (counter?.Traffic.PacketsToNode + counter?.Traffic.PacketsFromNode) ?? 0,
            (counter?.Traffic.BytesToNode + counter?.Traffic.BytesFromNode) ?? 0, node.LastChange.Value);
    }

    private IResult Blacklist()
    {
        ClusterState state = machine.State;
        return Results.Json(
            basis.Of(state, new BlacklistDocument([.. state.Blacklist.Values.Select(Describe)])),
            RestJson.Answers.BlacklistDocument);
    }

    private BanDocument Describe(BlacklistEntry ban)
    {
        long left = MsLeft(ban);
        return new BanDocument(ban.Node, ban.Node, ban.Reason, left, WallIn(left), ban.LastChange.Value);
    }

    private IResult Blocks()
    {
        ClusterState state = machine.State;
        return Results.Json(basis.Of(state, new BlocksDocument([.. state.Blocks.Values.Select(Describe)])), RestJson.Answers.BlocksDocument);
    }

    private BlockDocument Describe(BlockRecord block)
    {
        long? left = block.Until is { } until ? Math.Max(0, until.Since(new LogTime(clock.NowMs))) : null;
        BlockCounter dropped = dataPlane.ReadBlock(block.Prefix);
        return new BlockDocument(
            block.Prefix.ToString(), block.Reason, left, left is { } ms ? WallIn(ms) : null, dropped.Packets, dropped.Bytes, block.LastChange.Value);
    }

    private IResult Services()
    {
        ClusterState state = machine.State;
        return Results.Json(
            basis.Of(state, new ServicesDocument([.. state.Services.Values.Select(s => Describe(s, state))])), RestJson.Answers.ServicesDocument);
    }

    private IResult Service(HttpContext context, string name)
    {
        ClusterState state = machine.State;
        if (state.FindService(name) is not { } service)
            return Problem.NotFound("service", name);
        context.Response.Headers.ETag = $"\"{service.LastChange}\"";
        return Results.Json(basis.Of(state, Describe(service, state)), RestJson.Answers.ServiceDocument);
    }

    private static ServiceDocument Describe(ServiceRecord service, ClusterState state)
    {
        ServiceDefinition definition = service.Definition;
        return new ServiceDocument(
            definition.Name, [.. definition.Addresses.Select(a => a.ToString())], definition.Port,
            definition.Protocol.ToString().ToLowerInvariant(), definition.Forwarding.ToString().ToLowerInvariant(),
            definition.Scheduler.ToString().ToLowerInvariant(), Snake(definition.Hash.ToString()), definition.TargetPort,
            state.Nodes.Values.Count(service.HasInRing), service.LastChange.Value);
    }

    private IResult Ring(string name)
    {
        ClusterState state = machine.State;
        if (state.FindService(name) is null)
            return Problem.NotFound("service", name);
        ForwardingTable table = archive.Of(state);
        ServiceRow row = table.Services.First(s => s.Name == name);
        TableNames names = new(table);
        RingRow? ring = row.Ring is { } id ? table.Rings.First(r => r.Id == id) : null;
        IEnumerable<RingShareDocument> shares = (ring?.Slots ?? [])
            .CountBy(slot => slot)
            .Select(share => new RingShareDocument(names.Of(share.Key)!, share.Value, Math.Round((double)share.Value / ForwardingTable.RingSlots, 6)))
            .OrderBy(share => share.Node, StringComparer.Ordinal);
        return Results.Json(
            basis.Of(state, new RingDocument(name, ring is null ? 0 : ForwardingTable.RingSlots, [.. shares])),
            RestJson.Answers.RingDocument);
    }

    private IResult Events(HttpRequest request)
    {
        (LogIndex? after, Problem? problem) = IndexQuery.Read(request, "after");
        if (problem is not null)
            return problem;
        ClusterState state = machine.State;
        return Results.Json(
            basis.Of(state, new EventsDocument([.. state.EventsAfter(after ?? LogIndex.Zero).Select(EventDocument.Of)])),
            RestJson.Answers.EventsDocument);
    }

    /// <summary>A stream of events begins where a plain read would, unless it is resumed.</summary>
    private (IWatchFeed?, Problem?) BeginEvents(HttpRequest request, LogIndex? resumed)
    {
        (LogIndex? after, Problem? problem) = resumed is null ? IndexQuery.Read(request, "after") : (resumed, null);
        problem ??= EventFeed.Check(machine.State, after ?? LogIndex.Zero);
        return problem is null ? (new EventFeed(machine, after ?? LogIndex.Zero), null) : (null, problem);
    }

    private long MsLeft(BlacklistEntry ban) => Math.Max(0, ban.Until.Since(new LogTime(clock.NowMs)));

    private DateTimeOffset WallIn(long ms) => time.GetUtcNow().AddMilliseconds(ms);

    private static string? Text(MemberId id) => id.IsNone ? null : id.ToString();

    private static string RoleName(RaftRole role) => Snake(role.ToString());

    private static string RoleName(Member member, ReplicaStatus status) =>
        member.Id == status.Leader ? "leader" : member.Role.ToString().ToLowerInvariant();

    private static string LogWord(LogLoss loss) => loss switch
    {
        LogLoss.None => "complete",
        LogLoss.Possible => "in_doubt",
        _ => "incomplete",
    };

    private static string ModeName(XdpMode mode) => mode.ToString().ToLowerInvariant();

    private static string Snake(string name) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
