using System.Collections.Immutable;
using GaleLb.DataPlane;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Rpc.V1;
using GaleLb.State.Settings;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>
/// Compares this replica's own file with what the cluster takes (enforce_single_configuration). While it is not taken, new connections
/// are refused here, for the settings behind this replica's table may be out of date; established ones go on. Also tells the log who
/// stands where when the files of the replicas fall apart.
/// </summary>
internal sealed class SettingsWatch(
    ReplicaIdentity identity, FileSettings file, ClusterMachine machine, Introductions introductions, PeerNetwork network, PeerDirectory directory,
    IDataPlane dataPlane, TimeProvider time, ILogger<SettingsWatch> log) : PeriodicWork(TimeSpan.FromMilliseconds(200), time, log)
{
    private string _told = "";

    /// <summary>Why this replica's file is not taken; null when it is, or when nobody minds.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Where this replica's own file differs from the cluster's settings, whether anybody minds or not.</summary>
    public ImmutableArray<SettingDifference> OwnDifferences => introductions.OwnDifferences;

    /// <summary>The addresses of the replicas by the digest of their files, those alone that were heard of a moment ago.</summary>
    public ImmutableArray<ConfigurationGroup> Groups =>
    [
        .. Heard.Select(p => (p.Introduction!.ConfigDigest, p.Address)).Append((ConfigDigest: file.Digest, identity.Address))
            .GroupBy(r => r.ConfigDigest, r => r.Address, StringComparer.Ordinal)
            .Select(g => new ConfigurationGroup(g.Key, [.. g.Order(StringComparer.Ordinal)]))
            .OrderBy(g => -g.Replicas.Length).ThenBy(g => g.Digest, StringComparer.Ordinal),
    ];

    private IEnumerable<PeerRecord> Heard => directory.All.Where(p => p.Introduction is not null && network.IsReachable(p));

    protected override ValueTask RoundAsync(CancellationToken stop)
    {
        Follow();
        return ValueTask.CompletedTask;
    }

    /// <summary>One look at what is known now.</summary>
    internal void Follow()
    {
        Introduction[] heard = [.. Heard.Select(p => p.Introduction!)];
        bool enforced = file.Enforce || heard.Any(said => said.EnforceSingleConfiguration);
        TellGroups(enforced);
        AgreedSettings? agreed = heard.Select(AgreedSettings.Of).Aggregate(introductions.Agreed, AgreedSettings.Later);
        bool isAlone = identity.Peers.Length <= 1;
        string? refusal = !enforced || isAlone || agreed is null || agreed.Takes(file.Digest)
            ? null
            : $"this replica's file is not the cluster's: it differs in {Differences(agreed, heard)}; no new connection is taken here. "
                + "Give it the cluster's file, or stage this one first: galectl config stage FILE";
        if (refusal == Refusal)
            return;
        Refusal = refusal;
        dataPlane.RefuseNewFlows(refusal is not null);
        if (refusal is null)
            Log.LogInformation("Nobody who is heard refuses this replica's file any more; new connections are taken");
        else
            Log.LogError("{Refusal}", refusal);
    }

    /// <summary>From the log's settings, or, where only others have that log, from the file of one whose file is taken.</summary>
    private string Differences(AgreedSettings agreed, Introduction[] heard)
    {
        IEnumerable<SettingDifference> differences = agreed.Since == introductions.Agreed?.Since
            ? SettingsDigest.Compare(SettingsDigest.List(machine.State.Baseline), file.List)
            : Array.Find(heard, said => agreed.Takes(said.ConfigDigest)) is { } taken
                ? SettingsDigest.Compare(FileSettings.ListOf(taken.Settings), file.List)
                : [];
        string text = string.Join("; ", differences.Select(d => $"{d.Key}: {d.Ours ?? "(not set)"} there, {d.Theirs ?? "(not set)"} here"));
        return text.Length > 0 ? text : $"what entry {agreed.Since} of the log says";
    }

    /// <summary>Once for each grouping: with no majority of one mind, nobody but an operator gets further.</summary>
    private void TellGroups(bool enforced)
    {
        ImmutableArray<ConfigurationGroup> groups = Groups;
        bool isMajority = 2 * groups[0].Replicas.Length > identity.Peers.Length;
        string grouping = !enforced || groups.Length == 1 ? "" : string.Join("; ", groups);
        if (grouping == _told)
            return;
        _told = grouping;
        if (grouping.Length > 0)
            Log.LogWarning("The replicas' files are of {Count} kinds{Majority}: {Groups}", groups.Length, isMajority ? "" : ", and no majority has one", grouping);
    }
}

/// <summary>Replicas whose files say the same.</summary>
internal sealed record ConfigurationGroup(string Digest, ImmutableArray<string> Replicas)
{
    public override string ToString() => $"{Digest[..12]} at {string.Join(", ", Replicas)}";
}
