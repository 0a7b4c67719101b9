using System.Collections.Immutable;
using GaleLb.State.Commands;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using GaleLb.State.Settings;

namespace GaleLb.State.Health;

/// <summary>
/// The leader's judgement of the nodes, on what all replicas heard. It remembers what is nobody else's business (when
/// each node was last heard, its passes in a row) and proposes what everybody has to know. Volatile and on the leader
/// only: a new leader starts with <see cref="BecomeLeader"/>.
/// </summary>
/// <remarks>
/// One thread. <c>now</c> is the caller's monotonic clock; <c>logTimeNow</c> is the state's log time plus the time since it
/// was last applied. Call <see cref="Observe"/> for each heartbeat and <see cref="Decide"/> some ten times a second, and
/// propose what it returns. What is lost on the way is proposed again; what is proposed twice takes effect once.
/// </remarks>
public sealed partial class HealthJudge
{
    private const int WatchesMax = 2 * ForwardingTable.NodesMax;

    // Looked up by name only; every walk goes over the state's nodes or over the queue, which have an order.
    private readonly Dictionary<string, NodeWatch> _watches = new(StringComparer.Ordinal);
    private List<NodeWatch> _queue = [];
    private DeadlineWheel _wheel = new(TimeSpan.Zero);
    private ClusterState _state = ClusterState.Empty;

    private NodeHealthSettings Settings => _state.NodeHealth;
    private TimeSpan Timeout => TimeSpan.FromMilliseconds(Settings.ChecksTimeoutMs);
    private TimeSpan Interval => TimeSpan.FromMilliseconds(Settings.HeartbeatIntervalMs);

    /// <summary>Forgets everything and grants every node a full checks_timeout from <paramref name="now"/>.</summary>
    public void BecomeLeader(ClusterState state, TimeSpan now)
    {
        _watches.Clear();
        _queue = [];
        _wheel = new DeadlineWheel(now);
        _state = ClusterState.Empty;
        ForgetHousekeeping();
        NoteChanges(state, now);
    }

    /// <summary>
    /// What the replicas answered to a new leader. Only if every other member answered (<paramref name="complete"/>) can
    /// an age shorten the grace: a node last heard by one that is gone would else be taken for silent.
    /// </summary>
    public void ConsiderAges(IEnumerable<HeardAge> ages, bool complete, TimeSpan now)
    {
        SortedDictionary<string, (ulong Instance, TimeSpan Age)> youngest = new(StringComparer.Ordinal);
        foreach (HeardAge age in ages)
            if (!youngest.TryGetValue(age.Node, out (ulong Instance, TimeSpan Age) known) || age.Age < known.Age)
                youngest[age.Node] = (age.Instance, age.Age);
        if (!complete)
            return;
        foreach ((string node, (ulong instance, TimeSpan age)) in youngest)
        {
            // Whoever has been heard by now is known better than that.
            if (_watches.GetValueOrDefault(node) is not { } watch || watch.Find(instance) is not { Last: null } claimant)
                continue;
            claimant.HeardAt = now - age;
            Enqueue(watch);
        }
    }

    /// <summary>Takes one heartbeat in, whichever replica heard it.</summary>
    public void Observe(HeartbeatObservation heartbeat, TimeSpan now)
    {
        if (NameRules.CheckNode(heartbeat.Node) is not null)
            return;
        if (!_watches.TryGetValue(heartbeat.Node, out NodeWatch? watch))
        {
            if (_watches.Count >= WatchesMax)
                return;
            watch = Watch(heartbeat.Node);
        }

        TimeSpan at = now - heartbeat.Age;
        Claimant? claimant = watch.FindOrAdd(heartbeat.Instance, at);
        if (claimant is null)
            return;
        bool isNew = claimant.Hear(heartbeat, at, Interval, Timeout);
        if (isNew || !watch.IsSteady)
            Enqueue(watch);
    }

    /// <summary>Decides what the log has to know by now. Empty, almost always.</summary>
    public ImmutableArray<Command> Decide(ClusterState state, LogTime logTimeNow, TimeSpan now)
    {
        NoteChanges(state, now);
        _wheel.Advance(now, Enqueue);
        if (!state.IsFounded)
            return [];
        ImmutableArray<Command>.Builder commands = ImmutableArray.CreateBuilder<Command>();
        List<NodeWatch> queue = _queue;
        _queue = [];
        foreach (NodeWatch watch in queue)
        {
            watch.IsQueued = false;
            if (Judge(watch, logTimeNow, now) is { } command)
                commands.Add(command);
        }

        KeepHouse(commands, logTimeNow, now);
        return commands.DrainToImmutable();
    }

    /// <summary>Tells that these were not committed (busy, leadership in doubt): they are decided anew at once instead of after a while.</summary>
    public void Lost(IEnumerable<Command> commands)
    {
        foreach (Command command in commands)
        {
            if (command is not NodeDecision decision || _watches.GetValueOrDefault(decision.Node) is not { } watch)
                continue;
            watch.InFlight = null;
            Enqueue(watch);
        }
    }

    /// <summary>What the heartbeat of this process is answered.</summary>
    public HeartbeatAnswer Answer(ClusterState state, string node, ulong instance, LogTime logTimeNow, TimeSpan now)
    {
        if (NameRules.CheckNode(node) is { } badName)
            return HeartbeatAnswer.Of(state, logTimeNow, node, 0, badName);
        NodeWatch? watch = _watches.GetValueOrDefault(node);
        Claimant? claimant = watch?.Find(instance);
        string? refusal = claimant?.Refusal;
        if (watch is null && _watches.Count >= WatchesMax)
            refusal = $"{WatchesMax} names are heard from, which is the most";
        else if (watch is not null && claimant is null && watch.IsFull)
            refusal = "too many processes claim this name";
        string? notice = watch?.Notice is not null && now - watch.NoticeAt < Timeout ? watch.Notice : null;
        int passes = Math.Min(claimant?.Passes ?? 0, state.NodeHealth.ChecksBeforeRouting);
        return HeartbeatAnswer.Of(state, logTimeNow, node, passes, refusal, notice);
    }

    /// <summary>How long ago this node was heard by anyone; null if this leader has not heard it yet.</summary>
    public TimeSpan? SinceHeard(string node, TimeSpan now) => now - LastHeard(node)?.HeardAt;

    /// <summary>The replica that heard this node last; null if this leader has not heard it yet.</summary>
    public string? HeardVia(string node) => LastHeard(node)?.Last!.Via;

    /// <summary>Passes in a row of the node's present process.</summary>
    public int Passes(string node) =>
        _watches.GetValueOrDefault(node) is { Record: { } record } watch && watch.Find(record.Instance) is { } holder
            ? Math.Min(holder.Passes, Settings.ChecksBeforeRouting)
            : 0;

    private void NoteChanges(ClusterState state, TimeSpan now)
    {
        ImmutableSortedDictionary<string, NodeRecord> before = _state.Nodes;
        bool sameNodes = ReferenceEquals(before, state.Nodes);
        bool sameSettings = ReferenceEquals(_state.NodeHealth, state.NodeHealth);
        _state = state;
        if (sameNodes && sameSettings)
            return;
        int stillThere = 0;
        foreach (NodeRecord record in state.Nodes.Values)
        {
            stillThere += before.ContainsKey(record.Name) ? 1 : 0;
            NodeWatch watch = _watches.GetValueOrDefault(record.Name) ?? Watch(record.Name);
            if (ReferenceEquals(watch.Record, record) && sameSettings)
                continue;
            Claimant holder = watch.Holder(record.Instance, now);
            if (record.Phase == NodePhase.Probing && watch.Record is { } former
                && (former.Phase is NodePhase.Blacklisted or NodePhase.Routable || IsElsewhere(former, record)))
                holder.RestartPasses();
            if (record.Phase != NodePhase.Probing)
                watch.ProbationAt = null;
            else if (watch.Record?.Phase == NodePhase.Blacklisted)
                watch.ProbationAt = now;
            watch.Record = record;
            Enqueue(watch);
        }

        if (stillThere == before.Count)
            return;
        foreach (string name in before.Keys)
            if (!state.Nodes.ContainsKey(name) && _watches.TryGetValue(name, out NodeWatch? watch))
                StartOver(watch);
    }

    /// <summary>Whether a node that was being probed is now probed at another address or port: what it passed there says nothing of here.</summary>
    private static bool IsElsewhere(NodeRecord former, NodeRecord record) =>
        former.Phase == NodePhase.Probing && (former.Port != record.Port || former.Place != record.Place);

    /// <summary>Its record is gone (removed, forgotten): who still speaks is a newcomer.</summary>
    private void StartOver(NodeWatch watch)
    {
        foreach (Claimant claimant in watch.Claimants)
            claimant.RestartPasses();
        Enqueue(watch);
    }

    private Claimant? LastHeard(string node)
    {
        Claimant? last = null;
        if (_watches.GetValueOrDefault(node) is { } watch)
            foreach (Claimant claimant in watch.Claimants)
                if (claimant.Last is not null && (last is null || claimant.HeardAt > last.HeardAt))
                    last = claimant;
        return last;
    }

    private NodeWatch Watch(string name)
    {
        NodeWatch watch = new(name);
        _watches.Add(name, watch);
        return watch;
    }

    private void Enqueue(NodeWatch watch)
    {
        if (watch.IsQueued)
            return;
        watch.IsQueued = true;
        _queue.Add(watch);
    }
}
