using GaleLb.Executable;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.State.Nodes;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>
/// Keeps systemd informed: the replica's place in words, and that it is alive, which means that its own thread takes turns.
/// A slow disk or a lost quorum is not death: restarting would help neither.
/// </summary>
internal sealed class ServiceWatch(
    SystemdNotifier systemd, Func<long> turns, Func<ReplicaStatus> status, Func<NodeTally> nodes, TimeProvider time, ILogger<ServiceWatch> log)
    : PeriodicWork(systemd.WatchInterval, time, log)
{
    private long _turns = -1;
    private string? _told;
    private bool _unheard;

    public static string Describe(ReplicaStatus status, NodeTally nodes) =>
        status.Founding.Waiting ? $"Waiting: {status.Founding.Reason}"
        : status.Role == RaftRole.Leader ? $"Leads in term {status.Term}; {nodes.Routable} of {nodes.Total} nodes routable"
        : status.LeaderContact
            ? $"Follows {status.Membership.Find(status.Leader)?.Address ?? status.Leader.ToString()} in term {status.Term}; {nodes.Routable} of {nodes.Total} nodes routable"
        : "Without a leader; forwards by the last table";

    /// <summary>One round; also what a test calls.</summary>
    public void Round()
    {
        long now = turns();
        if (systemd.WatchdogTimeout is not null && now != _turns)
            Heard(systemd.Alive());
        _turns = now;
        string words = Describe(status(), nodes());
        if (words != _told && Heard(systemd.Status(words)))
            _told = words;
    }

    protected override ValueTask RoundAsync(CancellationToken stop)
    {
        Round();
        return ValueTask.CompletedTask;
    }

    private bool Heard(string? failure)
    {
        if (failure is not null && !_unheard)
            Log.LogWarning("{Failure}", failure);
        _unheard = failure is not null;
        return !_unheard;
    }
}
