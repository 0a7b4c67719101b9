using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tracing;

/// <summary>Puts what the programs say of packets into words, and filters into what they read.</summary>
internal static class TraceRecords
{
    private const int TcActRedirect = 7;
    private const int TcActShot = 2;
    private const GaleReason LastForNoService = GaleReason.PassFragment;

    public static GaleTraceFilter Encode(PacketFilter filter)
    {
        (GaleAddress address, GaleAddress mask) = Encode(filter.Range);
        return new GaleTraceFilter
        {
            Reasons = Bits(filter.Reasons),
            Address = address,
            Mask = mask,
            ServiceId = filter.Service is { } service ? (uint)service.Value : GaleLimit.TraceAny,
            NodeIndex = filter.Node is { } node ? (uint)node.Value : GaleLimit.TraceAny,
            OneIn = Math.Max(1, filter.OneIn),
            Port = new Be16(filter.Port),
            Protocol = filter.Protocol,
        };
    }

    public static TracedPacket Describe(ReadOnlySpan<byte> record, ulong nowNs)
    {
        GaleTrace packet = MemoryMarshal.Read<GaleTrace>(record);
        return new TracedPacket(
            TimeSpan.FromMicroseconds((nowNs > packet.AtNs ? nowNs - packet.AtNs : 0) / 1000), SnakeCase.Of(packet.Side), packet.Came.Protocol,
            Ends(packet.Came), packet.Left == default ? null : Ends(packet.Left), packet.Length, packet.TcpFlags, Decision(packet));
    }

    public static PacketDecision Decision(in GaleTrace packet) => new(
        packet.Side == GaleTraceSide.Public ? XdpVerdict((XdpAction)packet.Verdict) : TcVerdict((int)packet.Verdict),
        SnakeCase.Of(packet.Reason), packet.Answer == GaleTrace.NoReason ? null : SnakeCase.Of(packet.Answer),
        packet.ServiceId == GaleLimit.TraceAny ? null : new ServiceId((ushort)packet.ServiceId),
        packet.NodeIndex == GaleLimit.TraceAny ? null : new NodeIndex((ushort)packet.NodeIndex));

    private static string XdpVerdict(XdpAction action) => action switch
    {
        XdpAction.Pass => "pass",
        XdpAction.Tx => "transmit",
        XdpAction.Redirect => "redirect",
        _ => "drop",
    };

    private static string TcVerdict(int action) => action switch
    {
        TcActRedirect => "redirect",
        TcActShot => "drop",
        _ => "pass",
    };

    private static ulong Bits(ImmutableArray<string> reasons)
    {
        ulong bits = 0;
        foreach (GaleReason reason in Enum.GetValues<GaleReason>())
        {
            if (reasons.IsEmpty ? reason > LastForNoService : reasons.Contains(SnakeCase.Of(reason))) bits |= 1ul << (int)reason;
        }

        return bits;
    }

    private static (GaleAddress Address, GaleAddress Mask) Encode(IPNetwork? range)
    {
        if (range is not { } network) return (default, default);
        int length = network.PrefixLength + (network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 96 : 0);
        byte[] mask = new byte[16];
        for (int bit = 0; bit < length; bit++) mask[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return (GaleAddress.From(network.BaseAddress), MemoryMarshal.Read<GaleAddress>(mask));
    }

    private static PacketEnds Ends(in GaleFlowKey key) => new(
        new IPEndPoint(key.Source.ToIPAddress(), key.SourcePort.Host), new IPEndPoint(key.Destination.ToIPAddress(), key.DestinationPort.Host));
}
