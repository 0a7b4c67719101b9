using System.Collections.Immutable;
using System.Net;
using GaleLb.Raft;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;

namespace GaleLb.State.Services;

/// <summary>One address of a service with its row's number; null is <em>self</em>.</summary>
public sealed record ServiceEndpoint(ServiceId Id, IPAddress? Address);

/// <summary>A service as every replica knows it.</summary>
public sealed record ServiceRecord
{
    public required ServiceDefinition Definition { get; init; }

    /// <summary>In the order of the definition's addresses; one with a null address when it has none.</summary>
    public required ImmutableArray<ServiceEndpoint> Endpoints { get; init; }

    public RingInput Input { get; init; }

    /// <summary>The input that <see cref="Ring"/> was given for; differs from <see cref="Input"/> only while an entry is being applied.</summary>
    internal RingInput RingInput { get; init; }

    /// <summary>Null while no node is in its ring.</summary>
    public RingId? Ring { get; init; }

    /// <summary>Its ETag: the entry that last changed its definition.</summary>
    public required LogIndex LastChange { get; init; }

    public string Name => Definition.Name;

    public bool HasInRing(NodeRecord node) => node.InRing && node.Serves(Definition.Name);
}

/// <summary>A ring in use: its number, and how many services use it.</summary>
public readonly record struct RingUse(RingId Id, int Services);
