using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.Rpc.V1;
using GaleLb.State.Settings;

namespace GaleLb.LoadBalancer.Peers;

/// <summary>
/// What this replica knows of the one at <see cref="Address"/>: its last introduction and how the link to it fares.
/// Immutable; <see cref="PeerDirectory"/> swaps it whole.
/// </summary>
internal sealed record PeerRecord(string Address)
{
    public Introduction? Introduction { get; init; }

    /// <summary>When the introduction came, on the monotonic clock.</summary>
    public long IntroducedAt { get; init; }

    /// <summary>The outgoing exchange is up.</summary>
    public bool Connected { get; init; }

    /// <summary>Why this replica refuses the peer, or the peer this replica; null when they get on.</summary>
    public string? Refusal { get; init; }

    public ImmutableArray<SettingDifference> Differences { get; init; } = [];

    /// <summary>Whether the differences are from what this replica's log says; else from its own file.</summary>
    public bool FromTheCluster { get; init; }

    public MemberId Id => new(Introduction?.MemberId ?? 0);
}
