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

    /// <summary>A leader confirmed that all up to <paramref name="index"/> was committed by now. The first one counts.</summary>
    public void CaughtUp(LogIndex index) => _target ??= index;

    /// <summary>Called after every change of the table.</summary>
    public void Follow(TableView table) =>
        _reached = _reached || (_target is { } target && table.InKernel && table.Index >= target);

    /// <summary>Null when ready, else what is missing.</summary>
    public string? Missing(FoundingStatus founding, bool attached)
    {
        if (forwards && !attached)
            return "the packet programs are not attached";
        if (_reached)
            return null;
        if (founding.Waiting)
            return founding.Reason;
        return _target is { } target
            ? $"the table of index {target} is not in the kernel yet"
            : "no leader has confirmed since the start what is committed";
    }
}
