using System.Collections.Immutable;
using System.Net;

namespace GaleLb.State.Health;

/// <summary>What a node says of its own check. The values are those of the protocol.</summary>
public enum ServingStatus : byte
{
    Serving = 1,
    NotServing = 2,
    Leaving = 3,
}

/// <summary>
/// A heartbeat as some replica heard it, <paramref name="Age"/> before it is handed over. Lists are names of services:
/// <paramref name="Services"/> those it serves (empty: all), <paramref name="NotServing"/> those checked bad.
/// </summary>
public sealed record HeartbeatObservation(
    string Node, ulong Instance, IPAddress Address, ushort Port, ushort Weight, ServingStatus Status,
    ImmutableArray<string> Services, ImmutableArray<string> NotServing, string Detail, TimeSpan Age)
{
    /// <summary>The address of the replica that heard it, for people.</summary>
    public string? Via { get; init; }
}

/// <summary>How long ago some replica heard from a node, asked by a new leader.</summary>
public readonly record struct HeardAge(string Node, ulong Instance, TimeSpan Age);
