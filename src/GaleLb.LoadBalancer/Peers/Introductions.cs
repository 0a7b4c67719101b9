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
/// <param name="FromTheCluster">Whether the differences are from what this replica's log says; else from its own file.</param>
internal readonly record struct IntroductionVerdict(string? Refusal, ImmutableArray<SettingDifference> Differences, bool FromTheCluster);

/// <summary>Makes this replica's introduction, and judges those of others (enforce_single_configuration, addresses, ids).</summary>
internal sealed class Introductions(
    ReplicaIdentity identity, FileSettings file, Func<ReplicaStatus> status, ClusterMachine machine, Func<TableView> table)
{
    private const string Rule = "and enforce_single_configuration is on";

    private volatile AgreedSettings? _agreed;

    /// <summary>Which files this replica's log takes; null before the founding entry is applied.</summary>
    public AgreedSettings? Agreed
    {
        get
        {
            GaleLb.State.ClusterState now = machine.State;
            if (_agreed is not { } agreed || agreed.Since != now.SettingsLastChange)
                _agreed = agreed = AgreedSettings.Of(now);
            return agreed;
        }
    }

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
            StateVersionMax = machine.VersionMax,
            StateVersionRehearsed = machine.IsRehearsal,
            LeaderId = now.Leader.Value,
            AppliedIndex = view.Index.Value,
            TableDigest = view.Digest,
            KernelIndex = view.KernelIndex.Value,
            ApiAddress = identity.ApiAddress,
            Version = identity.Version,
            Empty = now.DirectoryEmpty,
        };
        if (Agreed is { } agreed)
        {
            own.BaselineDigest = agreed.Baseline;
            own.StagedDigest = agreed.Staged;
            own.SettingsIndex = agreed.Since.Value;
        }
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
            return Refuse($"{theirs.Address} belongs to member {seat.Id}; when that one is gone: galectl cluster replace {seat.Id}");
        // The first release said nothing of it. One that cannot apply what is in the log would stop at it, in words, but as a member.
        uint theirMax = Math.Max(1, theirs.StateVersionMax), present = machine.State.StateVersion;
        if (theirMax < present)
            return Refuse(theirs.StateVersionRehearsed
                ? $"{StateVersions.RehearsalVariable} has {theirs.Address} apply states up to version {theirMax}, and this cluster's is {present}: unset it there"
                : $"{theirs.Address} runs a release ({theirs.Version}) that applies states up to version {theirMax}, and this cluster's is {present}: upgrade it");
        AgreedSettings? agreed = AgreedSettings.Later(Agreed, AgreedSettings.Of(theirs));
        ImmutableArray<SettingDifference> fromFile = file.DifferencesTo(theirs.Settings);
        ImmutableArray<SettingDifference>? fromLog = agreed is null ? null : DifferencesToBaseline(agreed, FileSettings.ListOf(theirs.Settings));
        bool enforced = file.Enforce || theirs.EnforceSingleConfiguration;
        // Where it is this replica's own file that is not taken, the other's differs from the log in nothing: what it has other than this one is to be told.
        bool isOwnFault = enforced && agreed is not null && agreed.Takes(theirs.ConfigDigest) && !agreed.Takes(file.Digest);
        return new IntroductionVerdict(
            enforced ? Disagreement(agreed, theirs, fromFile, fromLog) : null, isOwnFault ? fromFile : fromLog ?? fromFile, !isOwnFault && fromLog is not null);
    }

    /// <summary>
    /// Files are compared with the cluster's settings, or with each other where neither side has a cluster yet. Both sides come to
    /// the same: they go by the later of what their logs hold, so that one that was away while the settings changed is not refused by
    /// its own memory.
    /// </summary>
    private string? Disagreement(
        AgreedSettings? agreed, Introduction theirs, ImmutableArray<SettingDifference> fromFile, ImmutableArray<SettingDifference>? fromLog)
    {
        if (agreed is null)
            return fromFile.IsEmpty ? null : $"the configurations of {identity.Address} and {theirs.Address} differ{In(fromFile)}, {Rule}";
        if (!agreed.Takes(theirs.ConfigDigest))
            return $"the configuration of {theirs.Address} is not the cluster's{In(fromLog ?? fromFile)}, {Rule}";
        return agreed.Takes(file.Digest) ? null : $"the configuration of {identity.Address} is not the cluster's{In(fromFile)}, {Rule}";
    }

    /// <summary>Where this replica's own file differs from what its log says; nothing while there is no cluster.</summary>
    public ImmutableArray<SettingDifference> OwnDifferences => Agreed is { } agreed ? DifferencesToBaseline(agreed, file.List) ?? [] : [];

    /// <summary>Null where this replica does not know the settings themselves.</summary>
    private ImmutableArray<SettingDifference>? DifferencesToBaseline(AgreedSettings agreed, ImmutableArray<GaleLb.State.Settings.Setting> list) => agreed.Since == Agreed?.Since
        ? SettingsDigest.Compare(SettingsDigest.List(machine.State.Baseline), list)
        : null;

    private static string In(ImmutableArray<SettingDifference> differences) =>
        differences.IsEmpty ? "" : $" in {string.Join(", ", differences.Select(d => d.Key))}";

    private static IntroductionVerdict Refuse(string reason) => new(reason, [], FromTheCluster: false);

    public static PeerIntroduction ForFounding(Introduction theirs) =>
        new(new MemberId(theirs.MemberId), theirs.Address, theirs.Empty, [.. theirs.Peers]);
}
