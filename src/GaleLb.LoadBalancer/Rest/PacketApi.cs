using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using GaleLb.DataPlane;
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
    ClusterMachine machine, TableReconciler tables, TableArchive archive, IDataPlane dataPlane, DataPlaneOptions options)
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
        string wanted = request.Query["limit"].ToString();
        int limit = ConnectionsDefault;
        if (wanted.Length > 0 && (!int.TryParse(wanted, out limit) || limit is < 1 or > ConnectionsMax))
            return Problem.Invalid("limit", $"\"{wanted}\": a number from 1 to {ConnectionsMax} expected");
        ForwardingTable table = tables.View.Table;
        ImmutableArray<FlowRow> flows = dataPlane.ListFlows(limit);
        return Results.Json(
            new ConnectionsDocument(table.Index.Value, flows.Length, flows.Length == limit, [.. flows.Select(flow => Describe(flow, table))]),
            RestJson.Answers.ConnectionsDocument);
    }

    private IResult Explain(HttpRequest request)
    {
        if (EndPoint(request, "src", out IPEndPoint source) is { } problem)
            return problem;
        if (EndPoint(request, "dst", out IPEndPoint destination) is { } other)
            return other;
        if (source.AddressFamily != destination.AddressFamily)
            return Problem.Invalid("dst", $"{destination.Address} and the source {source.Address} are not of one family");
        Protocol protocol;
        switch (request.Query["protocol"].ToString())
        {
            case "" or "tcp":
                protocol = Protocol.Tcp;
                break;
            case "udp":
                protocol = Protocol.Udp;
                break;
            case var unknown:
                return Problem.Invalid("protocol", $"\"{unknown}\": \"tcp\" or \"udp\" expected");
        }
        return request.Query.ContainsKey("index")
            ? ExplainOfThen(request, source, destination, protocol)
            : ExplainNow(source, destination, protocol);
    }

    private IResult ExplainNow(IPEndPoint source, IPEndPoint destination, Protocol protocol)
    {
        TableView view = tables.View;
        PacketTrace trace = Trace(
            view.Table, dataPlane.FindFlow(protocol, source, destination), dataPlane.Status.NextHops, source, destination, protocol);
        return Answer(view.Table, view.InKernel, "kernel", trace);
    }

    private IResult ExplainOfThen(HttpRequest request, IPEndPoint source, IPEndPoint destination, Protocol protocol)
    {
        (ClusterState? state, Problem? problem) = IndexQuery.Find(request, "index", machine);
        if (state is null)
            return problem!;
        ForwardingTable table = archive.Of(state);
        PacketTrace trace = Trace(table, flow: null, [], source, destination, protocol);
        const string basis = "From the table derived of that index, not from the kernel: connections and ways to nodes of then are not kept.";
        return Answer(table, inKernel: false, "table", trace with { Why = trace.Why.Insert(0, basis) });
    }

    private PacketTrace Trace(
        ForwardingTable table, FlowRow? flow, ImmutableArray<NextHopStatus> nextHops, IPEndPoint source, IPEndPoint destination, Protocol protocol) =>
        PacketTrace.Of(
            table, options.SelfAddresses, [.. options.ControlPorts, .. options.ProtectedPorts], options.HashSeed, flow, nextHops, source, destination,
            protocol);

    private static IResult Answer(ForwardingTable table, bool inKernel, string basis, PacketTrace trace) =>
        Results.Json(
            new ExplanationDocument(
                table.Index.Value, table.Digest, inKernel, basis, trace.Verdict, trace.Service, trace.Node?.Name, trace.Node?.Address.ToString(), trace.Slot,
                trace.KnownFlow, trace.Why),
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

    private static ConnectionDocument Describe(FlowRow flow, ForwardingTable table) => new(
        flow.Protocol.ToString().ToLowerInvariant(), flow.Client.ToString(), flow.Service.ToString(), flow.Source.ToString(), flow.Node.ToString(),
        table.Nodes.FirstOrDefault(n => n.Index == flow.NodeIndex)?.Name, table.Services.FirstOrDefault(s => s.Id == flow.ServiceId)?.Name,
        flow.State, (long)flow.Age.TotalMilliseconds, (long)flow.Idle.TotalMilliseconds);
}

/// <param name="Truncated">There may be more: a higher limit shows them.</param>
internal sealed record ConnectionsDocument(ulong AppliedIndex, int Count, bool Truncated, IReadOnlyList<ConnectionDocument> Connections);

/// <param name="Source">The replica's address and port towards the node.</param>
/// <param name="NodeName">Null when the node is no longer in the table.</param>
internal sealed record ConnectionDocument(
    string Protocol, string Client, string Service, string Source, string Node, string? NodeName, string? ServiceName, string State,
    long AgeMs, long IdleMs);

/// <param name="Basis">"kernel": the newest table with this replica's connections and ways to nodes; "table": the table of a given index alone.</param>
internal sealed record ExplanationDocument(
    ulong AppliedIndex, string TableDigest, bool InKernel, string Basis, string Verdict, string? Service, string? Node, string? NodeAddress, int? Slot,
    [property: JsonPropertyName("known_connection")] bool KnownConnection, IReadOnlyList<string> Why);
