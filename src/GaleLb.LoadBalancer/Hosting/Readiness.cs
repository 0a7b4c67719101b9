using GaleLb.LoadBalancer.Forwarding;
using GaleLb.Raft;
using GaleLb.Replica;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>
/// Whether clients may be sent to this replica: its programs are attached, and its kernel runs by a table at least as new
/// as what was committed when it first met a leader. Losing the quorum later does not take that back: forwarding goes on.
/// </summary>
internal sealed class Readiness(bool forwards)
{
    private LogIndex? _target;
    private bool _reached;

    /// <summary>Called after every change of status or table.</summary>
    public void Follow(ReplicaStatus status, TableView table)
    {
        if (_reached)
            return;
        if (_target is null && status.LeaderContact && status.CommitIndex > LogIndex.Zero)
            _target = status.CommitIndex;
        _reached = _target is { } target && table.InKernel && table.Index >= target;
    }

    /// <summary>Null when ready, else what is missing.</summary>
    public string? Missing(ReplicaStatus status, bool attached)
    {
        if (forwards && !attached)
            return "the packet programs are not attached";
        if (_reached)
            return null;
        if (status.Founding.Waiting)
            return status.Founding.Reason;
        return _target is null
            ? "no leader has been met since the start"
            : $"the table of index {_target} is not in the kernel yet";
    }
}
