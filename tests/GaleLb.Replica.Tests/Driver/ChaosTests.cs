using GaleLb.Raft;
using GaleLb.TestKit;

namespace GaleLb.Replica.Tests.Driver;

/// <summary>
/// Power failures, process ends, cuts, pauses and full disks at random under a steady flow of proposals and reads. The core has
/// its own simulator; this is for what lies around it: storage, recovery, snapshots, batching, completion of tokens.
/// </summary>
public sealed class ChaosTests
{
    [Theory]
    [MemberData(nameof(Seeds), 24)]
    public void Cluster_RandomFaults_LosesNothingAcknowledged(ulong seed)
    {
        Chaos chaos = new(seed, leaseReads: false);
        chaos.Run(rounds: 120);
        chaos.HealAndCheck();
    }

    public static TheoryData<ulong> Seeds(int count)
    {
        TheoryData<ulong> seeds = [];
        for (int i = 1; i <= count; i++)
            seeds.Add((ulong)i);
        return seeds;
    }
}

/// <summary>One run: what was done, what was answered, and what must hold of it.</summary>
internal sealed class Chaos
{
    private readonly ulong _seed;
    private readonly SeededRandomness _chance;
    private readonly DriverCluster _cluster;
    private readonly List<(DriverNode Node, ulong Token, string Command)> _proposed = [];
    private readonly List<(DriverNode Node, ulong Token, LogIndex AtLeast)> _reads = [];
    private readonly HashSet<string> _acknowledged = [];
    private readonly HashSet<string> _refused = [];
    private LogIndex _acknowledgedUpTo;
    private int _commands;

    public Chaos(ulong seed, bool leaseReads)
    {
        _seed = seed;
        _chance = new SeededRandomness(seed + 7777);
        _cluster = new DriverCluster(_chance.Next(3) == 0 ? 5 : 3, seed, o => o with
        {
            Snapshots = new SnapshotPolicy { EntriesMax = 30, TrailingEntries = 8 },
            Raft = o.Raft with { SnapshotChunkBytes = 200, InflightAppendsMax = 8 },
            LeaseReads = leaseReads,
        }).StartAll();
        _cluster.Elect();
    }

    public int ReadsAnswered { get; private set; }

    public void Run(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            Disturb();
            for (int step = 0; step < 8; step++)
            {
                Order();
                _cluster.Run(TimeSpan.FromMilliseconds(1 + _chance.Next(25)));
                Collect();
            }
        }
    }

    public void HealAndCheck()
    {
        _cluster.Heal();
        foreach (DriverNode node in _cluster.Nodes)
        {
            node.Disk.CapacityBytes = long.MaxValue;
            if (!node.Runs)
                node.Start();
        }

        // Leadership may move once more as the cuts heal, and an order of that moment ends as unknown.
        DriverNode leader;
        string last;
        ProposalOutcome outcome;
        int attempts = 0;
        do
        {
            leader = _cluster.Elect();
            last = $"last {attempts}";
            outcome = _cluster.Propose(leader, last).Outcome;
        }
        while (outcome != ProposalOutcome.Committed && ++attempts < 5);
        outcome.Should().Be(ProposalOutcome.Committed, Where());
        bool converged = _cluster.RunUntil(
            () => _cluster.Nodes.All(n => n.Machine.Commands.Count > 0 && n.Machine.Commands[^1] == last), TimeSpan.FromSeconds(30));
        converged.Should().BeTrue(Where());
        Collect();

        IReadOnlyList<string> final = leader.Machine.Commands;
        foreach (DriverNode node in _cluster.Nodes)
            node.Machine.Commands.Should().Equal(final, Where());
        final.Should().OnlyHaveUniqueItems(Where());
        final.Should().Contain(_acknowledged, Where());
        final.Should().NotContain(c => _refused.Contains(c), Where());
        _acknowledged.Count.Should().BeGreaterThan(10, Where());
    }

    private string Where() => $"seed {_seed}: {_cluster.Describe()}";

    private void Disturb()
    {
        DriverNode node = _cluster.Nodes[_chance.Next(_cluster.Nodes.Count)];
        int running = _cluster.Nodes.Count(n => n.Runs);
        switch (_chance.Next(12))
        {
            case 0 when node.Runs && running > 1:
                node.Crash();
                break;
            case 1 when node.Runs && running > 1:
                node.Stop();
                break;
            case 2 or 3 when !node.Runs:
                node.Start();
                break;
            case 4:
                _cluster.Isolate(node.Number);
                break;
            case 5:
                _cluster.Cut(node.Number, _chance.Next(_cluster.Nodes.Count));
                break;
            case 6 or 7 or 8:
                _cluster.Heal();
                break;
            case 9:
                node.Pause(TimeSpan.FromMilliseconds(_chance.Next(1500)));
                break;
            case 10:
                node.Disk.CapacityBytes = node.Disk.List().Sum(node.Disk.Length) + _chance.Next(3000);
                break;
            default:
                node.Disk.CapacityBytes = long.MaxValue;
                if (!node.Runs)
                    node.Start();
                break;
        }
    }

    private void Order()
    {
        DriverNode node = _chance.Next(4) == 0 ? _cluster.Nodes[_chance.Next(_cluster.Nodes.Count)] : _cluster.Leader ?? _cluster.Nodes[0];
        if (!node.Runs)
            return;
        if (_chance.Next(3) == 0)
        {
            _reads.Add((node, node.Read(), _acknowledgedUpTo));
            return;
        }

        string command = $"{_commands++}-{new string('x', _chance.Next(200))}";
        _proposed.Add((node, node.Propose(command), command));
    }

    private void Collect()
    {
        foreach ((DriverNode node, ulong token, string command) in _proposed)
        {
            if (!node.Proposals.TryGetValue(token, out ProposalResult result))
                continue;
            if (result.Outcome == ProposalOutcome.Committed)
            {
                _acknowledged.Add(command);
                if (result.Index > _acknowledgedUpTo)
                    _acknowledgedUpTo = result.Index;
            }
            else if (result.Outcome is ProposalOutcome.NotLeader or ProposalOutcome.Busy)
            {
                _refused.Add(command);
            }
        }

        _proposed.RemoveAll(p => p.Node.Proposals.ContainsKey(p.Token));
        foreach ((DriverNode node, ulong token, LogIndex atLeast) in _reads)
        {
            if (!node.Reads.TryGetValue(token, out ReadResult read) || read.Index is not { } index)
                continue;
            ReadsAnswered++;
            index.Should().BeGreaterThanOrEqualTo(atLeast, "a read sees what was acknowledged before it was asked; {0}", Where());
        }

        _reads.RemoveAll(r => r.Node.Reads.ContainsKey(r.Token));
    }
}
