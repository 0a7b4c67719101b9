using System.Collections.Immutable;
using System.Net;
using GaleLb.Raft;
using GaleLb.State.Commands;
using GaleLb.State.Health;
using GaleLb.State.Nodes;
using GaleLb.State.Services;
using GaleLb.State.Settings;
using GaleLb.State.Snapshots;

namespace GaleLb.State.Tests.Health;

/// <summary>
/// A judge over a state machine in simulated time, a tenth of a second a step: patients send heartbeats, decisions are
/// applied (or lost, by <see cref="Losing"/>), answers are collected.
/// </summary>
internal sealed class Ward
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private ClusterStateMachine _machine = new();
    private readonly SortedDictionary<string, Patient> _patients = new(StringComparer.Ordinal);
    private TimeSpan _appliedAt;

    public Ward(NodeHealthSettings? health = null, params ServiceDefinition[] services)
    {
        Apply(new Bootstrap(new ClusterId(1), 42, new ClusterSettings(
            health ?? new NodeHealthSettings(), services.Length == 0 ? [Cluster.Web] : [.. services])));
        Judge.BecomeLeader(State, Now);
    }

    public HealthJudge Judge { get; private set; } = new();
    public ClusterState State => _machine.Current;
    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(1);
    public LogTime LogTimeNow => State.LogTime.Plus((long)(Now - _appliedAt).TotalMilliseconds);
    public List<Command> Proposed { get; } = [];
    public Func<Command, bool> Losing { get; set; } = _ => false;

    public Patient this[string name] => _patients[name];
    public NodeRecord Record(string name) => State.FindNode(name.Split('#')[0]) ?? throw new InvalidOperationException($"no node {name}");
    public IEnumerable<Command> ProposedFor(string node) => Proposed.Where(c => c is NodeDecision d && d.Node == node);

    /// <summary>A node that sends heartbeats. Two processes of one name differ in what follows '#' in <paramref name="key"/>.</summary>
    public Patient Admit(string key, string address, ulong instance = 1)
    {
        Patient patient = new(key.Split('#')[0], instance, IPAddress.Parse(address)) { NextAt = Now };
        _patients.Add(key, patient);
        return patient;
    }

    public Ward AdmitRoutable(int nodes)
    {
        for (int i = 1; i <= nodes; i++)
            Admit($"n{i}", $"10.0.0.{i}");
        return Run(4);
    }

    public Ward Run(double seconds)
    {
        for (TimeSpan end = Now + TimeSpan.FromSeconds(seconds); Now < end; Now += Step)
        {
            foreach (Patient patient in _patients.Values)
                if (!patient.Silent && Now >= patient.NextAt)
                    Beat(patient);
            Decide();
        }

        return this;
    }

    /// <summary>Runs until it holds; fails after <paramref name="atMost"/> seconds. Returns how long it took.</summary>
    public TimeSpan Until(Func<bool> holds, double atMost)
    {
        TimeSpan start = Now;
        while (!holds())
        {
            (Now - start).Should().BeLessThan(TimeSpan.FromSeconds(atMost), "it should have happened by now");
            Run(0.1);
        }

        return Now - start;
    }

    public CommandAnswer Apply(Command command)
    {
        byte[] bytes = CommandCodec.Encode(new CommandEnvelope(command) { LogTime = LogTimeNow });
        ReadOnlyMemory<byte> answer = _machine.Apply(_machine.AppliedIndex.Next(), new Term(1), EntryKind.Command, bytes);
        _appliedAt = Now;
        return CommandAnswerCodec.Decode(answer.Span);
    }

    /// <summary>Another replica leads from now on: nothing volatile is left.</summary>
    public void ChangeLeader(TimeSpan without = default)
    {
        Now += without;
        _appliedAt = Now;
        Judge = new HealthJudge();
        Judge.BecomeLeader(State, Now);
    }

    /// <summary>Every replica starts anew, from what its disk holds.</summary>
    public void RestartAll(TimeSpan without)
    {
        ClusterStateMachine restored = new();
        restored.Restore(_machine.AppliedIndex, StateSnapshotCodec.Encode(State));
        _machine = restored;
        ChangeLeader(without);
    }

    public HeartbeatAnswer Answer(string key) =>
        Judge.Answer(State, _patients[key].Name, _patients[key].Instance, LogTimeNow, Now);

    private void Beat(Patient patient)
    {
        Judge.Observe(patient.Heartbeat(), Now);
        patient.NextAt = Now + TimeSpan.FromMilliseconds(State.NodeHealth.HeartbeatIntervalMs);
    }

    private void Decide()
    {
        foreach (Command command in Judge.Decide(State, LogTimeNow, Now))
        {
            Proposed.Add(command);
            if (!Losing(command))
                Apply(command);
        }
    }
}

/// <summary>What a node under test says, and whether it says anything.</summary>
internal sealed class Patient(string name, ulong instance, IPAddress address)
{
    public string Name { get; } = name;
    public ulong Instance { get; set; } = instance;
    public IPAddress Address { get; set; } = address;
    public ushort Port { get; set; }
    public ushort Weight { get; set; } = 100;
    public ServingStatus Status { get; set; } = ServingStatus.Serving;
    public ImmutableArray<string> Services { get; set; } = [];
    public ImmutableArray<string> NotServing { get; set; } = [];
    public bool Silent { get; set; }
    public TimeSpan NextAt { get; set; }

    public HeartbeatObservation Heartbeat(TimeSpan age = default) =>
        new(Name, Instance, Address, Port, Weight, Status, Services, NotServing, "", age);
}
