using System.Collections.Immutable;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Heartbeats;

/// <summary>What the node says of its own service.</summary>
/// <param name="NotServing">Names of services that fail while others pass; empty when all are alike.</param>
/// <param name="Detail">Why, for people; empty when all is well.</param>
internal sealed record ServiceReport(ServingStatus Status, ImmutableArray<string> NotServing, string Detail)
{
    public static ServiceReport Serving { get; } = new(ServingStatus.Serving, [], "");

    /// <summary>Whether it changes anything: other words for the same state do not.</summary>
    public bool IsAlike(ServiceReport other) => Status == other.Status && NotServing.SequenceEqual(other.NotServing);
}
