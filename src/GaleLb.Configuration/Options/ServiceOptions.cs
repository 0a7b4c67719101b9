using System.Collections.Immutable;
using System.Net;

namespace GaleLb.Configuration.Options;

public enum ServiceProtocol
{
    Tcp,
    Udp,
}

/// <summary>How packets reach a node: rewritten to it (L4), encapsulated (L3) or by its MAC address (L2).</summary>
public enum ServiceForwarding
{
    L4,
    L3,
    L2,
}

public enum ServiceScheduler
{
    Maglev,
}

/// <summary>What of a packet chooses its slot of the ring.</summary>
public enum ServiceHash
{
    FiveTuple,
    Source,
}

/// <summary>One balanced port.</summary>
/// <param name="Name">Unique in the file; the same service on every replica.</param>
/// <param name="Addresses">Where clients connect; empty: each replica's own public address (<em>self</em>).</param>
/// <param name="Port">Where clients connect.</param>
/// <param name="TargetPort">Where nodes serve.</param>
public sealed record ServiceOptions(
    string Name,
    ImmutableArray<IPAddress> Addresses,
    ushort Port,
    ServiceProtocol Protocol,
    ServiceForwarding Forwarding,
    ServiceScheduler Scheduler,
    ServiceHash Hash,
    ushort TargetPort);
