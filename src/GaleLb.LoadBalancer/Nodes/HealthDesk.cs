using System.Collections.Immutable;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Commands;
using GaleLb.State.Health;
using HeartbeatObservation = GaleLb.State.Health.HeartbeatObservation;
using HeartbeatResponse = GaleLb.Rpc.V1.HeartbeatResponse;
using ServingStatus = GaleLb.State.Health.ServingStatus;

namespace GaleLb.LoadBalancer.Nodes;

/// <summary>Lends the health judge, which knows neither threads nor clocks, both.</summary>
internal sealed class HealthDesk(ClusterMachine machine, LogClock clock, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly HealthJudge _judge = new();
    private readonly JudgeClock _now = new(time);
    private bool _inOffice;

    private LogTime LogNow => new(clock.NowMs);

    /// <summary>Takes a heartbeat in, heard <paramref name="age"/> ago by the replica at <paramref name="via"/>, and gives the judge's word on its node.</summary>
    public ObservationAnswer Observe(HeardNode heard, TimeSpan age, string via)
    {
        HeartbeatObservation observation = new(
            heard.Node, heard.Description.Instance, heard.Description.Address, heard.Description.Port, heard.Description.Weight,
            (ServingStatus)heard.Status, heard.Description.Services, [.. heard.NotServing], heard.Detail, age)
        { Via = via };
        lock (_gate)
        {
            _judge.Observe(observation, _now.Time);
            HeartbeatAnswer word = _judge.Answer(machine.State, heard.Node, heard.Description.Instance, LogNow, _now.Time);
            bool refused = word.State == AnsweredState.Refused;
            return new ObservationAnswer
            {
                Node = heard.Node,
                Instance = heard.Description.Instance,
                Passes = (uint)word.Passes,
                Refusal = refused ? word.Reason : "",
                Notice = refused || word.State == AnsweredState.Blacklisted ? "" : word.Reason,
            };
        }
    }

    /// <summary>The answer to a heartbeat by the replicated state, with what the leader last said of the node.</summary>
    public HeartbeatResponse Answer(HeardNode heard)
    {
        ClusterState state = machine.State;
        HeartbeatAnswer answer = HeartbeatAnswer.Of(
            state, LogNow, heard.Node, (int)heard.Passes, heard.Refusal.Length > 0 ? heard.Refusal : null,
            heard.Notice.Length > 0 ? heard.Notice : null);
        return new HeartbeatResponse
        {
            State = (NodeState)answer.State,
            Passes = (uint)answer.Passes,
            Fails = (uint)answer.Fails,
            BlacklistedMsLeft = (ulong)answer.BlacklistedMsLeft,
            Reason = answer.Reason,
            HeartbeatIntervalMs = (uint)state.NodeHealth.HeartbeatIntervalMs,
        };
    }

    /// <summary>Takes office with what the replicas answered; <paramref name="complete"/>: all of them did.</summary>
    public void TakeOffice(IEnumerable<LastHeardResponse> answers, bool complete)
    {
        HeardAge[] ages =
            [.. answers.SelectMany(a => a.Ages).Select(a => new HeardAge(a.Node, a.Instance, TimeSpan.FromMilliseconds(a.AgeMs)))];
        lock (_gate)
        {
            _judge.BecomeLeader(machine.State, _now.Time);
            _judge.ConsiderAges(ages, complete, _now.Time);
            _inOffice = true;
        }
    }

    public void Resign()
    {
        lock (_gate) _inOffice = false;
    }

    /// <summary>What the log has to know by now; empty, almost always.</summary>
    public ImmutableArray<Command> Decide()
    {
        lock (_gate)
        {
            _now.Round();
            return _inOffice ? _judge.Decide(machine.State, LogNow, _now.Time) : [];
        }
    }

    /// <summary>These were not committed: they are decided anew.</summary>
    public void Lost(IEnumerable<Command> commands)
    {
        lock (_gate) _judge.Lost(commands);
    }

    /// <summary>Null while this replica's judge is not in office.</summary>
    public NodeLiveness? Liveness(string node)
    {
        lock (_gate)
        {
            if (!_inOffice)
                return null;
            return new NodeLiveness(
                (uint)_judge.Passes(node), (long?)_judge.SinceHeard(node, _now.Time)?.TotalMilliseconds, _judge.HeardVia(node));
        }
    }
}
