using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using GaleLb.DataPlane;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>What this replica's kernel holds and would do: always local, since every replica tracks its own connections.</summary>
internal sealed class PacketApi(TableReconciler tables, IDataPlane dataPlane, DataPlaneOptions options)
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
        ForwardingTable table = tables.View.Table;
        PacketTrace trace = PacketTrace.Of(
            table, options.SelfAddresses, [.. options.ControlPorts, .. options.ProtectedPorts], options.HashSeed,
            dataPlane.FindFlow(protocol, source, destination), dataPlane.Status.NextHops, source, destination, protocol);
        return Results.Json(
            new ExplanationDocument(
                table.Index.Value, table.Digest, tables.View.InKernel, trace.Verdict, trace.Service, trace.Node?.Name, trace.Node?.Address.ToString(), trace.Slot,
                trace.KnownFlow, trace.Why),
            RestJson.Answers.ExplanationDocument);
    }

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

internal sealed record ExplanationDocument(
    ulong AppliedIndex, string TableDigest, bool InKernel, string Verdict, string? Service, string? Node, string? NodeAddress, int? Slot,
    [property: JsonPropertyName("known_connection")] bool KnownConnection, IReadOnlyList<string> Why);
