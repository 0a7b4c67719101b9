using GaleLb.Rpc.V1;

namespace GaleLb.Node.Heartbeats;

/// <summary>Decides when a heartbeat is due on one stream, and when its replica has been silent for too long.</summary>
/// <remarks>No clock and no I/O: every call brings the time, any monotonic one, and its <see cref="SessionStep"/> must be carried out
/// before the next call. <see cref="Open"/> comes first; <see cref="Tick"/> no later than <see cref="Due"/>.</remarks>
internal sealed class HeartbeatSession(TimeSpan interval, ServiceReport report, bool isLeaving)
{
    /// <summary>A replica that owes answers for this many intervals is given up.</summary>
    public const int MissedMax = 2;

    private static readonly TimeSpan IntervalMin = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan IntervalMax = TimeSpan.FromMinutes(1);
    private readonly Queue<(ulong Sequence, TimeSpan Sent)> _unanswered = new();
    private ServiceReport _report = report;
    private bool _isLeaving = isLeaving;
    private ulong _leavingSequence;
    private ulong _sequence;
    private TimeSpan _nextBeat;

    /// <summary>The interval in force.</summary>
    public TimeSpan Interval { get; private set; } = Clamp(interval);

    /// <summary>Answers heard on this stream.</summary>
    public int Answers { get; private set; }

    /// <summary>When <see cref="Tick"/> has something to do, if nothing else happens before.</summary>
    public TimeSpan Due => _unanswered.TryPeek(out var oldest) && oldest.Sent + Patience < _nextBeat ? oldest.Sent + Patience : _nextBeat;

    private TimeSpan Patience => Interval * MissedMax;

    /// <summary>The interval that a cluster's settings name; a missing one is a second.</summary>
    public static TimeSpan IntervalOf(uint milliseconds) => Clamp(TimeSpan.FromMilliseconds(milliseconds == 0 ? 1000 : milliseconds));

    /// <summary>The stream is open: the first heartbeat goes out at once.</summary>
    public SessionStep Open(TimeSpan now) => Send(now);

    /// <summary>Time has passed.</summary>
    public SessionStep Tick(TimeSpan now)
    {
        if (_unanswered.TryPeek(out var oldest) && now - oldest.Sent >= Patience)
            return new SessionStep(End: SessionEnd.Silent);
        return now >= _nextBeat ? Send(now) : default;
    }

    /// <summary>The replica answered, all heartbeats up to that sequence.</summary>
    public SessionStep Answer(HeartbeatResponse response)
    {
        if (response.Sequence > _sequence)
            return default;
        Answers++;
        while (_unanswered.TryPeek(out var oldest) && oldest.Sequence <= response.Sequence)
            _unanswered.Dequeue();
        if (response.HeartbeatIntervalMs > 0)
            ChangeInterval(IntervalOf(response.HeartbeatIntervalMs));
        return _leavingSequence > 0 && response.Sequence >= _leavingSequence ? new SessionStep(End: SessionEnd.Left) : default;
    }

    /// <summary>The node's own check has a new result; a change is told at once.</summary>
    public SessionStep Report(ServiceReport report, TimeSpan now)
    {
        bool isAlike = _report.IsAlike(report);
        _report = report;
        return isAlike || _isLeaving ? default : Send(now);
    }

    /// <summary>The node is about to stop; told at once, and the session ends with the answer to it.</summary>
    public SessionStep Leave(TimeSpan now)
    {
        if (_isLeaving)
            return default;
        _isLeaving = true;
        return Send(now);
    }

    private SessionStep Send(TimeSpan now)
    {
        _sequence++;
        if (_isLeaving && _leavingSequence == 0)
            _leavingSequence = _sequence;
        _unanswered.Enqueue((_sequence, now));
        _nextBeat = now + Interval;
        return new SessionStep(new Beat(_sequence, _isLeaving ? ServingStatus.Leaving : _report.Status, _report));
    }

    private void ChangeInterval(TimeSpan changed)
    {
        // A shorter interval counts from the last heartbeat on, not from the next.
        _nextBeat += changed - Interval;
        Interval = changed;
    }

    private static TimeSpan Clamp(TimeSpan interval) => interval < IntervalMin ? IntervalMin : interval > IntervalMax ? IntervalMax : interval;
}
