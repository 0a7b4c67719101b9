using System.Globalization;
using System.Text;
using GaleLb.DataPlane.Tracing;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Rest;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Watching;

/// <summary>Packets of a trace, until enough were told or its time is over; then how it ended. The trace ends with it.</summary>
/// <param name="service">Only packets of this one; null for any.</param>
internal sealed class TraceFeed(
    IPacketTrace trace, Func<ForwardingTable> table, string? service, int limit, TimeSpan length, TimeProvider time) : IWatchFeed
{
    private readonly long _started = time.GetTimestamp();
    private int _told;

    public TimeSpan? Pace { get; } = TimeSpan.FromMilliseconds(50);

    public IEnumerable<WatchMessage> Next()
    {
        bool last = time.GetElapsedTime(_started) >= length;
        TableNames names = new(table());
        foreach (PacketDocument packet in trace.Take().Select(p => Describe(p, names)).Where(p => service is null || p.Service == service))
        {
            yield return WatchMessage.Of("packet", id: null, packet, RestJson.Answers.PacketDocument);
            last = ++_told == limit;
            if (last)
                break;
        }

        if (!last)
            yield break;
        trace.Dispose();
        yield return WatchMessage.Of("end", id: null, new TraceEndDocument(_told, trace.Lost), RestJson.Answers.TraceEndDocument, endsStream: true);
    }

    public void Dispose() => trace.Dispose();

    private PacketDocument Describe(TracedPacket packet, TableNames names) => new(
        time.GetUtcNow() - packet.Ago, packet.Side, ProtocolName(packet.Protocol), packet.Came.Source.ToString(), packet.Came.Destination.ToString(),
        packet.Left?.Source.ToString(), packet.Left?.Destination.ToString(), packet.Length, FlagNames(packet.TcpFlags), packet.Decision.Verdict,
        packet.Decision.Reason, packet.Decision.Answer, packet.Decision.Service is { } id ? names.Of(id) : null,
        packet.Decision.Node is { } index ? names.Of(index) : null);

    private static string ProtocolName(byte protocol) => protocol switch
    {
        1 => "icmp",
        6 => "tcp",
        17 => "udp",
        58 => "icmpv6",
        _ => protocol.ToString(CultureInfo.InvariantCulture),
    };

    private static string? FlagNames(byte flags)
    {
        StringBuilder names = new();
        for (int bit = 0; bit < 8; bit++)
            if ((flags >> bit & 1) != 0)
                names.Append("FSRPAUEC"[bit]);
        return names.Length == 0 ? null : names.ToString();
    }
}
