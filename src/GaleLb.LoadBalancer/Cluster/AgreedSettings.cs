using GaleLb.Raft;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Settings;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>
/// What the cluster takes a file for that is its own: the digest of the log's baseline and, while a change of settings rolls
/// through the replicas, that of the staged one.
/// </summary>
/// <param name="Since">The log index at which either changed last: of two, the later holds.</param>
/// <param name="Staged">Empty: nothing is staged.</param>
internal sealed record AgreedSettings(LogIndex Since, string Baseline, string Staged)
{
    public bool Takes(string digest) => digest == Baseline || (Staged.Length > 0 && digest == Staged);

    /// <summary>Null while the cluster is not founded.</summary>
    public static AgreedSettings? Of(ClusterState state) => state.IsFounded
        ? new AgreedSettings(
            state.SettingsLastChange, SettingsDigest.Of(state.Baseline), state.Staged is { } staged ? SettingsDigest.Of(staged.Settings) : "")
        : null;

    /// <summary>What a peer knows of it; null while that one has no cluster.</summary>
    public static AgreedSettings? Of(Introduction said) => said.BaselineDigest.Length > 0
        ? new AgreedSettings(new LogIndex(said.SettingsIndex), said.BaselineDigest, said.StagedDigest)
        : null;

    public static AgreedSettings? Later(AgreedSettings? one, AgreedSettings? other) =>
        one is null || (other is not null && other.Since > one.Since) ? other : one;
}
