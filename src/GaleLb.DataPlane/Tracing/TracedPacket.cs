using System.Collections.Immutable;
using System.Net;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Tracing;

/// <summary>One packet that the programs told of.</summary>
/// <param name="Ago">When it came, before the moment of reading.</param>
/// <param name="Side">"public" or "private".</param>
/// <param name="Protocol">Of IP; 0 of what is not.</param>
/// <param name="Came">As it came; ports are 0 of what carries none.</param>
/// <param name="Left">As it was sent, the outer packet of an encapsulated one; null when nothing was.</param>
/// <param name="Length">Of the IP packet that came, in bytes.</param>
/// <param name="TcpFlags">Bits as in the header's byte 13.</param>
public sealed record TracedPacket(
    TimeSpan Ago, string Side, byte Protocol, PacketEnds Came, PacketEnds? Left, uint Length, byte TcpFlags, PacketDecision Decision);

public readonly record struct PacketEnds(IPEndPoint Source, IPEndPoint Destination);

/// <summary>Which packets are told of: those that have all of this.</summary>
/// <param name="Range">One of the packet's addresses, as it came or as it left, is in it; null for any.</param>
/// <param name="Port">One of its ports, as it came or as it left; 0 for any.</param>
/// <param name="Protocol">Of IP; 0 for any.</param>
/// <param name="Reasons">Its reason or its answer is one of them, in snake case; empty for any but those of packets that are for no service.</param>
/// <param name="OneIn">Of those that match, about one in so many.</param>
public sealed record PacketFilter(
    IPNetwork? Range, ushort Port, byte Protocol, ServiceId? Service, NodeIndex? Node, ImmutableArray<string> Reasons, uint OneIn)
{
    public static PacketFilter Everything { get; } = new(Range: null, Port: 0, Protocol: 0, Service: null, Node: null, [], OneIn: 1);

    /// <summary>All reasons that packets can be filtered by.</summary>
    public static ImmutableArray<string> AllReasons { get; } = [.. Enum.GetValues<Layout.GaleReason>().Select(SnakeCase.Of)];
}

/// <summary>A trace that is running; disposing ends it.</summary>
public interface IPacketTrace : IDisposable
{
    /// <summary>Packets that were not told of because nobody had taken the ones before.</summary>
    ulong Lost { get; }

    /// <summary>What was told since the last call, in the order of each CPU.</summary>
    ImmutableArray<TracedPacket> Take();
}
