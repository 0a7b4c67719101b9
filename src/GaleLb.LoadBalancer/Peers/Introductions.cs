using System.Collections.Immutable;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc.V1;
using GaleLb.State.Settings;

namespace GaleLb.LoadBalancer.Peers;

/// <summary>What a judged introduction comes to: null refusal is admitted.</summary>
internal readonly record struct IntroductionVerdict(string? Refusal, ImmutableArray<SettingDifference> Differences)
{
    public static readonly IntroductionVerdict Admitted = new(null, []);
}

/// <summary>Makes this replica's introduction, and judges those of others (enforce_single_configuration, addresses, ids).</summary>
internal sealed class Introductions(
    ReplicaIdentity identity, FileSettings file, Func<ReplicaStatus> status, ClusterMachine machine, Func<TableView> table)
{
    public Introduction Own()
    {
        ReplicaStatus now = status();
        TableView view = table();
        Introduction own = new()
        {
            MemberId = now.Self.Value,
            Address = identity.Address,
            ClusterId = machine.State.ClusterId.Value,
            ConfigDigest = file.Digest,
            EnforceSingleConfiguration = file.Enforce,
            StateVersionMax = GaleLb.State.ClusterState.StateVersionMax,
            LeaderId = now.Leader.Value,
            AppliedIndex = view.Index.Value,
            TableDigest = view.Digest,
            KernelIndex = view.KernelIndex.Value,
            ApiAddress = identity.ApiAddress,
            Version = identity.Version,
            Empty = now.DirectoryEmpty,
        };
        own.Peers.AddRange(identity.Peers);
        own.Settings.AddRange(file.List.Select(s => new Rpc.V1.Setting { Key = s.Key, Value = s.Value }));
        return own;
    }

    /// <summary>Judges what <paramref name="theirs"/> says; both sides judge, and either may refuse.</summary>
    public IntroductionVerdict Judge(Introduction theirs)
    {
        ReplicaStatus now = status();
        ulong cluster = machine.State.ClusterId.Value;
        if (cluster != 0 && theirs.ClusterId != 0 && cluster != theirs.ClusterId)
            return Refuse($"{theirs.Address} belongs to cluster {theirs.ClusterId:x16}, this replica to {cluster:x16}");
        if (theirs.MemberId == now.Self.Value)
            return Refuse($"{theirs.Address} says it is member {now.Self}, which is this replica at {identity.Address}: was its data directory copied?");
        if (now.Membership.Find(theirs.Address) is { Vacant: false } seat && seat.Id.Value != theirs.MemberId)
            return Refuse($"{theirs.Address} belongs to member {seat.Id}: galectl cluster replace {seat.Id}");
        ImmutableArray<SettingDifference> differences = file.DifferencesTo(theirs.Settings);
        if ((file.Enforce || theirs.EnforceSingleConfiguration) && !differences.IsEmpty)
            return new IntroductionVerdict(
                $"the configurations of {identity.Address} and {theirs.Address} differ in {string.Join(", ", differences.Select(d => d.Key))}, "
                + "and enforce_single_configuration is on", differences);
        return new IntroductionVerdict(null, differences);
    }

    private static IntroductionVerdict Refuse(string reason) => new(reason, []);

    public static PeerIntroduction ForFounding(Introduction theirs) =>
        new(new MemberId(theirs.MemberId), theirs.Address, theirs.Empty, [.. theirs.Peers]);
}
