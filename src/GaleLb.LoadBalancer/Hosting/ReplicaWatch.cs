using GaleLb.DataPlane;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Forwarding;
using GaleLb.LoadBalancer.Nodes;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Replica;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>Follows the replica's status and tells those who depend on it: streams, links, readiness, the dead man's switch, the log.</summary>
internal sealed class ReplicaWatch(
    IReplica replica, ClusterMachine machine, PeerNetwork network, LeaderContact contact, Readiness readiness, TableReconciler tables, IDataPlane dataPlane,
    TimeProvider time, ILogger<ReplicaWatch> log) : PeriodicWork(TimeSpan.FromMilliseconds(20), time, log)
{
    private Membership _membership = Membership.Empty;
    private (RaftRole Role, Term Term, MemberId Leader) _told;
    private string? _waiting;
    private Task<ReadResult>? _catchingUp;
    private bool _caughtUp;

    protected override ValueTask RoundAsync(CancellationToken stop)
    {
        ReplicaStatus status = replica.Status;
        contact.Set(status.LeaderContact, Patience());
        if (!ReferenceEquals(status.Membership, _membership))
        {
            _membership = status.Membership;
            network.Follow(_membership);
        }
        CatchUp(status, stop);
        readiness.Follow(tables.View);
        if (status.LeaderContact)
            dataPlane.ConfirmControl();
        Tell(status);
        return ValueTask.CompletedTask;
    }

    /// <summary>Nodes that are sent away after this long still have most of checks_timeout to be heard elsewhere.</summary>
    private TimeSpan Patience() => TimeSpan.FromMilliseconds(machine.State.NodeHealth.ChecksTimeoutMs / 4.0);

    /// <summary>
    /// Until a read barrier has passed the state may be far behind what the kernel was left with; only then may the kernel
    /// follow it. The commit index of a first heartbeat would not do: a leader sends no more of it than it knows to match here.
    /// </summary>
    private void CatchUp(ReplicaStatus status, CancellationToken stop)
    {
        if (_caughtUp || !status.LeaderContact)
            return;
        if (_catchingUp is { IsCompletedSuccessfully: true, Result.Index: { } index })
        {
            _caughtUp = true;
            readiness.CaughtUp(index);
            tables.Release();
        }
        else if (_catchingUp is null or { IsCompleted: true })
            _catchingUp = replica.ReadBarrierAsync(stop);
    }

    private void Tell(ReplicaStatus status)
    {
        string? waiting = status.Founding.Waiting ? status.Founding.Reason : null;
        if (waiting != _waiting)
        {
            if (waiting is not null)
                Log.LogInformation("Waiting: {Reason}", waiting);
            _waiting = waiting;
        }
        (RaftRole, Term, MemberId) now = (status.Role, status.Term, status.Leader);
        if (now == _told)
            return;
        _told = now;
        if (status.Role == RaftRole.Leader)
            Log.LogInformation("Leads in term {Term}", status.Term);
        else if (!status.Leader.IsNone)
            Log.LogInformation("Follows {Leader} ({Address}) in term {Term}", status.Leader, status.Membership.Find(status.Leader)?.Address ?? "address not told yet", status.Term);
    }
}
