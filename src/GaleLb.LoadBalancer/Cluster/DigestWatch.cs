using System.Collections.Immutable;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Replica;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>
/// Compares this replica's forwarding table with the others' wherever both stand at the same index. Equal index means equal
/// table; a difference is a defect, of the program or of a machine, and is told at once: log, status, metric.
/// </summary>
internal sealed class DigestWatch(
    Func<ReplicaStatus> status, Func<TableView> table, PeerNetwork network, PeerDirectory directory, TimeProvider time,
    ILogger<DigestWatch> log) : PeriodicWork(TimeSpan.FromMilliseconds(200), time, log)
{
    // A difference stays until a comparison at a later index shows none: at unequal indexes there is nothing to compare, and
    // a busy cluster seldom stands still.
    private ImmutableSortedDictionary<string, string> _differences = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
    private volatile string? _alarm;

    /// <summary>Whose table differs from this replica's, and where that was seen; null while all agree.</summary>
    public string? Alarm => _alarm;

    protected override ValueTask RoundAsync(CancellationToken stop)
    {
        Follow();
        return ValueTask.CompletedTask;
    }

    /// <summary>One look at what is known now.</summary>
    internal void Follow()
    {
        ReplicaStatus now = status();
        TableView own = table();
        ImmutableSortedDictionary<string, string> before = _differences;
        foreach (string gone in before.Keys.Where(address => now.Membership.Find(address) is null))
            _differences = _differences.Remove(gone);
        foreach (Member member in now.Membership.Members)
            if (member.Id != now.Self && directory.Find(member.Id) is { Refusal: null } peer && network.IsReachable(peer))
                Compare(own, peer);
        if (_differences.Keys.SequenceEqual(before.Keys, StringComparer.Ordinal))
            return;
        _alarm = _differences.IsEmpty
            ? null
            : $"ALARM: replicas have different forwarding tables at the same index: {string.Join("; ", _differences.Values)}. "
                + "Keep copies of all data directories and report it";
        if (_alarm is { } alarm)
            Log.LogError("{Alarm}", alarm);
        else
            Log.LogInformation("The replicas' forwarding tables agree again, as of index {Index}", own.Index);
    }

    private void Compare(TableView own, PeerRecord peer)
    {
        if (peer.Introduction!.AppliedIndex != own.Index.Value)
            return;
        if (peer.Introduction.TableDigest == own.Digest)
            _differences = _differences.Remove(peer.Address);
        else if (!_differences.ContainsKey(peer.Address))
            _differences = _differences.Add(
                peer.Address, $"at {own.Index} {peer.Address} has {Short(peer.Introduction.TableDigest)}, this replica {Short(own.Digest)}");
    }

    private static string Short(string digest) => digest[..Math.Min(12, digest.Length)];
}
