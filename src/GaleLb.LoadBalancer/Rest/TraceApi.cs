using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Tracing;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Watching;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>
/// Tells of packets as this replica's programs decide about them, as server-sent events. Bounded in time and number, and one at a time:
/// while it runs each packet costs more.
/// </summary>
internal sealed class TraceApi(TableReconciler tables, IDataPlane dataPlane, Watches watches, TimeProvider time)
{
    private const int PacketsDefault = 1000;
    private const int PacketsMax = 100_000;
    private static readonly TimeSpan TimeDefault = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(10);

    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/v1/trace", Trace);

    private IResult Trace(HttpRequest request)
    {
        ForwardingTable table = tables.View.Table;
        if (Filter(request, table, out PacketFilter filter, out string? service) is { } badFilter)
            return badFilter;
        if (TableQuery.Number(request, "limit", PacketsDefault, 1, PacketsMax, out int limit) is { } badLimit)
            return badLimit;
        TimeSpan length = TimeDefault;
        string wanted = request.Query["time"].ToString();
        if (wanted.Length > 0 && (!DurationText.TryParse(wanted, out length) || length <= TimeSpan.Zero || length > TimeMax))
            return Problem.Invalid("time", $"\"{wanted}\": a duration such as \"10s\", at most 10m, expected");
        try
        {
            return dataPlane.TryTrace(filter) is { } trace
                ? watches.Tell(new TraceFeed(trace, () => tables.View.Table, service, limit, length, time))
                : new Problem(StatusCodes.Status409Conflict, "Refused", "Another trace runs on this replica; one does at a time.");
        }
        catch (DataPlaneException error)
        {
            return new Problem(StatusCodes.Status503ServiceUnavailable, "No packets", error.Message);
        }
    }

    private static Problem? Filter(HttpRequest request, ForwardingTable table, out PacketFilter filter, out string? service)
    {
        filter = PacketFilter.Everything;
        service = null;
        if (TableQuery.Range(request, "address", out IPNetwork? range) is { } badRange)
            return badRange;
        if (TableQuery.Number(request, "port", 0, 1, ushort.MaxValue, out int port) is { } badPort)
            return badPort;
        if (TableQuery.Protocol(request, out Protocol? protocol) is { } badProtocol)
            return badProtocol;
        if (TableQuery.Services(request, table, out ImmutableArray<ServiceRow> services) is { } badService)
            return badService;
        if (TableQuery.Node(request, table, out NodeRow? node) is { } badNode)
            return badNode;
        if (TableQuery.Number(request, "one_in", 1, 1, int.MaxValue, out int oneIn) is { } badSample)
            return badSample;
        if (Reasons(request, out ImmutableArray<string> reasons) is { } badReason)
            return badReason;
        service = services.IsEmpty ? null : services[0].Name;
        filter = new PacketFilter(
            range, (ushort)port, protocol is { } number ? (byte)number : (byte)0, services.Length == 1 ? services[0].Id : null, node?.Index, reasons, (uint)oneIn);
        return null;
    }

    /// <summary>Names of reasons, a comma between two; "all" for also what is for no service.</summary>
    private static Problem? Reasons(HttpRequest request, out ImmutableArray<string> reasons)
    {
        string text = request.Query["reason"].ToString();
        reasons = text switch
        {
            "" => [],
            "all" => PacketFilter.AllReasons,
            _ => [.. text.Split(',')],
        };
        string? unknown = reasons.FirstOrDefault(r => !PacketFilter.AllReasons.Contains(r));
        return unknown is null
            ? null
            : Problem.Invalid("reason", $"\"{unknown}\": all, or some of {string.Join(", ", PacketFilter.AllReasons)} expected");
    }
}

/// <summary>A packet that was told of.</summary>
/// <param name="Side">"public": of a client; "private": of a node.</param>
/// <param name="Source">As it came, address and port; the port is 0 of what carries none.</param>
/// <param name="SentSource">As it was sent on, the outer packet's of an encapsulated one; null when it was not.</param>
/// <param name="Length">Of the IP packet that came, in bytes.</param>
/// <param name="TcpFlags">As in S, SA, FA; null of what has none.</param>
/// <param name="Verdict">"redirect", "transmit", "pass" or "drop".</param>
/// <param name="Reason">As the metrics have it.</param>
/// <param name="Answer">What was sent to its sender besides, as reset_sent.</param>
internal sealed record PacketDocument(
    DateTimeOffset Time, string Side, string Protocol, string Source, string Destination, string? SentSource, string? SentDestination, uint Length,
    string? TcpFlags, string Verdict, string Reason, string? Answer, string? Service, string? Node);

/// <summary>The last message of a trace.</summary>
/// <param name="Lost">Packets that were not told of, because they came faster than they were taken.</param>
internal sealed record TraceEndDocument(int Packets, ulong Lost);
