using GaleLb.Configuration;
using GaleLb.Executable;
using GaleLb.Node.Heartbeats;

namespace GaleLb.Node.Hosting;

/// <summary>
/// Tells systemd that this node is alive, which means that its heartbeat loop takes its turns. Replicas that cannot be reached, or a
/// service that fails, are not death: restarting would help neither.
/// </summary>
internal sealed class NodeWatch : IDisposable
{
    /// <summary>What a busy machine may add to each wait of the loop.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly SystemdNotifier _systemd;
    private readonly LoopProgress _progress;
    private readonly NodeLog _log;
    private readonly ITimer? _timer;
    private bool _isBehind;
    private bool _isUnheard;

    public NodeWatch(SystemdNotifier systemd, LoopProgress progress, TimeProvider time, NodeLog log)
    {
        (_systemd, _progress, _log) = (systemd, progress, log);
        if (systemd.WatchdogTimeout is not null)
            _timer = time.CreateTimer(_ => Round(), null, systemd.WatchInterval, systemd.WatchInterval);
    }

    public void Dispose() => _timer?.Dispose();

    private void Round()
    {
        TimeSpan overdue = _progress.Overdue;
        bool isBehind = overdue >= Grace;
        if (isBehind && !_isBehind)
            _log.Write($"the heartbeat loop should have taken a turn {DurationText.Format(overdue)} ago; systemd is not told that it is alive");
        _isBehind = isBehind;
        if (isBehind)
            return;
        string? failure = _systemd.Alive();
        if (failure is not null && !_isUnheard)
            _log.Write(failure);
        _isUnheard = failure is not null;
    }
}
