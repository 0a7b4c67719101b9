using System.Collections.Immutable;
using System.Text;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Replica.Driver;
using GaleLb.Replica.Founding;
using GaleLb.Replica.Storage;
using GaleLb.Replica.Wire;

namespace GaleLb.TestKit;

/// <summary>
/// Drivers in one thread under a clock of its own: messages take a millisecond, a disk batch half of one, everything through
/// the codec and through <see cref="SimulatedDisk"/>. The same seed gives the same run.
/// </summary>
public sealed class DriverCluster
{
    private static readonly TimeSpan MessageDelay = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan DiskDelay = TimeSpan.FromMilliseconds(0.5);
    private static readonly TimeSpan IntroductionInterval = TimeSpan.FromMilliseconds(100);

    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _agenda = new();
    private readonly HashSet<(int From, int To)> _cut = [];
    private readonly SeededRandomness _randomness;
    private long _order;

    public DriverCluster(int count, ulong seed = 1, Func<ReplicaOptions, ReplicaOptions>? adjust = null)
    {
        _randomness = new SeededRandomness(seed);
        ImmutableArray<string> list = [.. Enumerable.Range(1, count).Select(i => $"10.0.0.{i}:9090")];
        for (int i = 0; i < count; i++)
        {
            ReplicaOptions options = new()
            {
                Address = list[i],
                Addresses = list,
                Store = new StoreOptions { SegmentBytes = 4096 },
            };
            Nodes.Add(new DriverNode(this, i, adjust?.Invoke(options) ?? options, new SeededRandomness((seed * 100) + (ulong)i)));
        }
    }

    public List<DriverNode> Nodes { get; } = [];

    public TimeSpan Now { get; private set; }

    /// <summary>Called for every message that is about to be delivered; false drops it.</summary>
    public Func<Message, bool> Admit { get; set; } = _ => true;

    /// <summary>The leader of the highest term among those that run, or null.</summary>
    public DriverNode? Leader => Nodes
        .Where(n => n.Status is { Role: RaftRole.Leader })
        .OrderByDescending(n => n.Status!.Term)
        .FirstOrDefault();

    public DriverCluster StartAll()
    {
        foreach (DriverNode node in Nodes)
            node.Start();
        return this;
    }

    public void Run(TimeSpan duration) => RunUntil(() => false, duration);

    /// <summary>Runs until <paramref name="condition"/> holds; false when it did not within <paramref name="limit"/>.</summary>
    public bool RunUntil(Func<bool> condition, TimeSpan limit)
    {
        TimeSpan end = Now + limit;
        while (!condition())
        {
            if (!_agenda.TryPeek(out _, out (TimeSpan At, long Order) next) || next.At > end)
            {
                Now = end;
                return condition();
            }

            Action action = _agenda.Dequeue();
            Now = next.At;
            action();
        }

        return true;
    }

    /// <summary>A leader whose state machine has applied an entry of its own term.</summary>
    public DriverNode Elect()
    {
        bool elected = RunUntil(
            () => Leader is { } leader && leader.Status!.CommitIndex == leader.Status.LastIndex && leader.Status.LeaderContact, TimeSpan.FromSeconds(20));
        return elected ? Leader! : throw new InvalidOperationException($"No leader by {Now}: {Describe()}");
    }

    public ProposalResult Propose(DriverNode node, string command)
    {
        ulong token = node.Propose(command);
        RunUntil(() => node.Proposals.ContainsKey(token), TimeSpan.FromSeconds(10));
        return node.Proposals[token];
    }

    public void Cut(int from, int to) => _cut.Add((from, to));

    public void Isolate(int node)
    {
        for (int other = 0; other < Nodes.Count; other++)
        {
            _cut.Add((node, other));
            _cut.Add((other, node));
        }
    }

    public void Heal() => _cut.Clear();

    public string Describe() => string.Join("; ", Nodes.Select(n => n.Status is { } s
        ? $"{n.Number}: {s.Role} term {s.Term} leader {s.Leader} last {s.LastIndex} commit {s.CommitIndex} applied {s.AppliedIndex} {s.Founding.Reason}"
        : $"{n.Number}: down {n.FatalReason}"));

    internal void At(TimeSpan delay, Action action) => _agenda.Enqueue(action, (Now + delay, _order++));

    internal void AfterDisk(Action action) => AfterDisk(TimeSpan.Zero, action);

    internal void AfterDisk(TimeSpan notBefore, Action action) => At(notBefore - Now > DiskDelay ? notBefore - Now : DiskDelay, action);

    internal void Deliver(DriverNode from, Message message)
    {
        byte[] bytes = MessageCodec.Encode(message);
        At(MessageDelay, () =>
        {
            Message received = MessageCodec.Decode(bytes);
            foreach (DriverNode node in Nodes)
                if (node.Id == received.To && !_cut.Contains((from.Number, node.Number)) && Admit(received))
                    node.Take(ReplicaEvent.Message(received));
        });
    }

    /// <summary>Introductions go round as long as a node runs, as they do over real connections that come and go.</summary>
    internal void IntroduceRegularly(DriverNode node, int incarnation)
    {
        if (node.Incarnation != incarnation)
            return;
        foreach (DriverNode other in Nodes)
        {
            if (other == node || node.Introduction is not { } introduction || _cut.Contains((node.Number, other.Number)))
                continue;
            At(MessageDelay, () => other.Take(ReplicaEvent.Introduced(introduction)));
        }

        At(IntroductionInterval, () => IntroduceRegularly(node, incarnation));
    }

    internal int Choose(int bound) => _randomness.Next(bound);
}
