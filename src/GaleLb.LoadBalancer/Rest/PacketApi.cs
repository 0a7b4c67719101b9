using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Tracing;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.State;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>
/// What this replica's kernel holds and would do: always local, since every replica tracks its own connections. Of the past the
/// table alone is known.
/// </summary>
internal sealed class PacketApi(
    ClusterMachine machine, TableReconciler tables, TableArchive archive, AnswerBasis basis, IDataPlane dataPlane, DataPlaneOptions options)
{
    private const int ConnectionsDefault = 1000;
    private const int ConnectionsMax = 100_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/connections", Connections);
        routes.MapGet("/api/v1/explain", Explain);
    }

    private IResult Connections(HttpRequest request)
    {
        if (TableQuery.Number(request, "limit", ConnectionsDefault, 1, ConnectionsMax, out int limit) is { } badLimit)
            return badLimit;
        ClusterState state = machine.State;
        ForwardingTable table = archive.Of(state);
        if (Filter(request, table, out FlowFilter filter) is { } problem)
            return problem;
        ImmutableArray<FlowRow> flows = dataPlane.ListFlows(filter, limit);
        TableNames names = new(table);
        return Results.Json(
            basis.Of(state, new ConnectionsDocument(flows.Length, flows.Length == limit, [.. flows.Select(flow => Describe(flow, names))])),
            RestJson.Answers.ConnectionsDocument);
    }

    private static Problem? Filter(HttpRequest request, ForwardingTable table, out FlowFilter filter)
    {
        filter = FlowFilter.Everything;
        if (TableQuery.Range(request, "client", out IPNetwork? client) is { } badRange)
            return badRange;
        if (TableQuery.Services(request, table, out ImmutableArray<ServiceRow> services) is { } badService)
            return badService;
        if (TableQuery.Node(request, table, out NodeRow? node) is { } badNode)
            return badNode;
        if (TableQuery.Protocol(request, out Protocol? protocol) is { } badProtocol)
            return badProtocol;
        if (TableQuery.Word(request, "state", FlowFilter.AllStates, out string? state) is { } badState)
            return badState;
        filter = new FlowFilter(client, [.. services.Select(s => s.Id)], node?.Index, protocol, state);
        return null;
    }

    private IResult Explain(HttpRequest request)
    {
        if (EndPoint(request, "src", out IPEndPoint source) is { } problem)
            return problem;
        if (EndPoint(request, "dst", out IPEndPoint destination) is { } other)
            return other;
        if (source.AddressFamily != destination.AddressFamily)
            return Problem.Invalid("dst", $"{destination.Address} and the source {source.Address} are not of one family");
        if (TableQuery.Protocol(request, out Protocol? protocol) is { } badProtocol)
            return badProtocol;
        return request.Query.ContainsKey("index")
            ? ExplainOfThen(request, source, destination, protocol ?? Protocol.Tcp)
            : ExplainNow(source, destination, protocol ?? Protocol.Tcp);
    }

    /// <summary>The programs themselves are asked; the words come from the model of them, which would have to agree.</summary>
    private IResult ExplainNow(IPEndPoint source, IPEndPoint destination, Protocol protocol)
    {
        TableView view = tables.View;
        FlowRow? flow = dataPlane.FindFlow(protocol, source, destination);
        PacketTrace model = Trace(view.Table, flow, dataPlane.Status.NextHops, source, destination, protocol);
        PacketDecision? decision;
        try
        {
            decision = dataPlane.Explain(protocol, source, destination, opening: flow is null);
        }
        catch (DataPlaneException error)
        {
            return new Problem(StatusCodes.Status503ServiceUnavailable, "The kernel cannot be asked", error.Message);
        }

        bool newest = view.InKernel && view.Index >= machine.State.AppliedIndex;
        return decision is null
            ? Answer(view.Table, newest, "table", model, decision)
            : Answer(view.Table, newest, "kernel", model.AsDecided(decision, view.Table), decision);
    }

    private IResult ExplainOfThen(HttpRequest request, IPEndPoint source, IPEndPoint destination, Protocol protocol)
    {
        (ClusterState? state, Problem? problem) = IndexQuery.Find(request, "index", machine);
        if (state is null)
            return problem!;
        ForwardingTable table = archive.Of(state);
        PacketTrace trace = Trace(table, flow: null, [], source, destination, protocol);
        const string Then = "From the table derived of that index, not from the kernel: connections and ways to nodes of then are not kept.";
        return Answer(table, inKernel: false, "table", trace with { Why = trace.Why.Insert(0, Then) }, decision: null);
    }

    private PacketTrace Trace(
        ForwardingTable table, FlowRow? flow, ImmutableArray<NextHopStatus> nextHops, IPEndPoint source, IPEndPoint destination, Protocol protocol) =>
        PacketTrace.Of(
            table, options.SelfAddresses, [.. options.ControlPorts, .. options.ProtectedPorts], options.HashSeed, flow, nextHops, source, destination,
            protocol);

    private IResult Answer(ForwardingTable table, bool inKernel, string basedOn, PacketTrace trace, PacketDecision? decision) =>
        Results.Json(
            new ExplanationDocument(
                inKernel, basedOn, trace.Verdict, decision?.Reason, decision?.Answer, trace.Service, trace.Node?.Name, trace.Node?.Address.ToString(),
                trace.Slot, trace.KnownFlow, trace.Why)
            {
                AppliedIndex = table.Index.Value,
                TableDigest = table.Digest,
                AgeMs = basis.AgeMs,
            },
            RestJson.Answers.ExplanationDocument);

    private static Problem? EndPoint(HttpRequest request, string key, out IPEndPoint endpoint)
    {
        string text = request.Query[key].ToString();
        // IPEndPoint.Parse takes an address alone for port 0, and any number for an address.
        bool whole = IPEndPoint.TryParse(text, out IPEndPoint? parsed) && parsed.Port != 0
            && (parsed.AddressFamily == AddressFamily.InterNetworkV6 || text.Count(c => c == '.') == 3);
        endpoint = parsed ?? new IPEndPoint(IPAddress.None, 0);
        return whole ? null : Problem.Invalid(key, $"\"{text}\": an address with its port expected, as 192.0.2.1:40000 or [2001:db8::1]:40000");
    }

    private static ConnectionDocument Describe(FlowRow flow, TableNames names) => new(
        flow.Protocol.ToString().ToLowerInvariant(), flow.Client.ToString(), flow.Service.ToString(), flow.Source.ToString(), flow.Node.ToString(),
        names.Of(flow.NodeIndex), names.Of(flow.ServiceId), flow.State, (long)flow.Age.TotalMilliseconds, (long)flow.Idle.TotalMilliseconds);
}

/// <param name="Truncated">There may be more: a higher limit shows them.</param>
internal sealed record ConnectionsDocument(int Count, bool Truncated, IReadOnlyList<ConnectionDocument> Connections) : AnswerDocument;

/// <param name="Source">The replica's address and port towards the node.</param>
/// <param name="NodeName">Null when the node is no longer in the table.</param>
internal sealed record ConnectionDocument(
    string Protocol, string Client, string Service, string Source, string Node, string? NodeName, string? ServiceName, string State,
    long AgeMs, long IdleMs);

/// <param name="InKernel">The kernel forwards by the newest state that this replica has.</param>
/// <param name="Basis">"kernel": its programs were asked, with this replica's connections and ways to nodes; "table": derived of a table alone.</param>
/// <param name="Reason">The programs' own, as the metrics have it; null when they were not asked.</param>
/// <param name="Answer">What they would send besides, as reset_sent.</param>
internal sealed record ExplanationDocument(
    bool InKernel, string Basis, string Verdict, string? Reason, string? Answer, string? Service, string? Node, string? NodeAddress, int? Slot,
    [property: JsonPropertyName("known_connection")] bool KnownConnection, IReadOnlyList<string> Why) : AnswerDocument;
