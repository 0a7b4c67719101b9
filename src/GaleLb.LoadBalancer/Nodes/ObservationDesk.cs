using System.Collections.Concurrent;
using System.Net;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.LoadBalancer.Peers;
using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Rpc;
using GaleLb.Rpc.V1;
using GaleLb.State;
using GaleLb.State.Forwarding;
using GaleLb.State.Nodes;
using HeartbeatResponse = GaleLb.Rpc.V1.HeartbeatResponse;

namespace GaleLb.LoadBalancer.Nodes;

/// <summary>
/// What this replica hears from nodes, and what it answers. On the leader every observation goes to the judge, also
/// those that followers send in batches; on a follower they wait for <see cref="ObservationForwarder"/>.
/// </summary>
internal sealed class ObservationDesk(
    ClusterMachine machine, HealthDesk health, ReplicaIdentity identity, IReplica replica, PeerDirectory directory, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, HeardNode> _heard = new(StringComparer.Ordinal);

    /// <summary>A heartbeat that has been found well-formed.</summary>
    /// <exception cref="RpcException">There are too many nodes already.</exception>
    public void Hear(HeardNode heard)
    {
        if (_heard.Count >= ForwardingTable.NodesMax && !_heard.ContainsKey(heard.Node))
            throw new RpcException(StatusCode.ResourceExhausted, $"a cluster has at most {ForwardingTable.NodesMax} nodes");
        bool leads = replica.Status.Role == RaftRole.Leader;
        _heard.AddOrUpdate(
            heard.Node, _ => heard with { Unsent = !leads },
            (_, before) => before.Description.Instance == heard.Description.Instance
                ? heard with { Unsent = !leads, Passes = before.Passes, Refusal = before.Refusal, Notice = before.Notice }
                : heard with { Unsent = !leads });
        if (leads)
            Note(health.Observe(heard, TimeSpan.Zero, identity.Address));
    }

    public HeartbeatResponse Answer(HeardNode heard, ulong sequence)
    {
        HeardNode known = _heard.TryGetValue(heard.Node, out HeardNode? noted) && noted.Description.Instance == heard.Description.Instance
            ? noted : heard;
        HeartbeatResponse response = health.Answer(known);
        response.Sequence = sequence;
        return response;
    }

    /// <summary>A follower's batch. The answers are the leader's word on each node.</summary>
    /// <exception cref="RpcException">This replica does not lead.</exception>
    public ObservationAnswers Receive(MemberId from, ObservationBatch batch)
    {
        if (replica.Status.Role != RaftRole.Leader)
            throw new RpcException(StatusCode.FailedPrecondition, "this replica does not lead");
        string via = directory.Find(from)?.Address ?? from.ToString();
        ObservationAnswers answers = new() { Sequence = batch.Sequence };
        foreach (HeartbeatObservation observation in batch.Heartbeats)
        {
            if (!IPAddress.TryParse(observation.Address, out IPAddress? address))
                throw new RpcException(StatusCode.InvalidArgument, $"address of {observation.Node}: an IP address expected, not \"{observation.Address}\"");
            NodeDescription description = new(
                observation.Instance, address, (ushort)observation.Port, (ushort)observation.Weight, NodeDescription.Canonical([.. observation.Services]));
            HeardNode heard = new(
                observation.Node, description, (ServingStatus)observation.Status, [.. observation.NotServing], observation.Detail, time.GetTimestamp());
            answers.Answers.Add(health.Observe(heard, TimeSpan.FromMilliseconds(observation.AgeMs), via));
        }
        return answers;
    }

    /// <summary>What has not been passed on yet. Marked as sent; <see cref="Returned"/> takes that back.</summary>
    public List<HeardNode> TakeUnsent(int most)
    {
        List<HeardNode> unsent = [];
        foreach ((string node, HeardNode heard) in _heard)
        {
            if (!heard.Unsent)
                continue;
            if (_heard.TryUpdate(node, heard with { Unsent = false }, heard))
                unsent.Add(heard);
            if (unsent.Count == most)
                break;
        }
        return unsent;
    }

    /// <summary>A batch did not arrive: unless something newer was heard meanwhile it is to be sent again.</summary>
    public void Returned(IEnumerable<HeardNode> unsent)
    {
        foreach (HeardNode heard in unsent)
            if (_heard.TryGetValue(heard.Node, out HeardNode? now) && now.HeardAt == heard.HeardAt)
                _heard.TryUpdate(heard.Node, now with { Unsent = true }, now);
    }

    /// <summary>The leader's word on a node that this replica hears.</summary>
    public void Note(ObservationAnswer answer)
    {
        if (_heard.TryGetValue(answer.Node, out HeardNode? heard) && heard.Description.Instance == answer.Instance
            && (heard.Passes, heard.Refusal, heard.Notice) != (answer.Passes, answer.Refusal, answer.Notice))
            _heard.TryUpdate(answer.Node, heard with { Passes = answer.Passes, Refusal = answer.Refusal, Notice = answer.Notice }, heard);
    }

    /// <summary>How long ago each node was heard here; forgets those whose silence no longer matters to anybody.</summary>
    public LastHeardResponse LastHeardHere()
    {
        LastHeardResponse response = new();
        TimeSpan old = TimeSpan.FromMilliseconds(2 * machine.State.NodeHealth.ForgetAfterMs);
        foreach ((string node, HeardNode heard) in _heard)
        {
            TimeSpan age = time.GetElapsedTime(heard.HeardAt);
            if (age > old)
                _heard.TryRemove(new KeyValuePair<string, HeardNode>(node, heard));
            else
                response.Ages.Add(new NodeAge { Node = node, Instance = heard.Description.Instance, AgeMs = (ulong)age.TotalMilliseconds, Status = (uint)heard.Status });
        }
        return response;
    }

    /// <summary>On the leader what the judge knows; elsewhere what was heard here.</summary>
    public NodeLiveness Liveness(string node)
    {
        if (replica.Status.Role == RaftRole.Leader && health.Liveness(node) is { } judged)
            return judged;
        return _heard.TryGetValue(node, out HeardNode? heard)
            ? new NodeLiveness(heard.Passes, (long)time.GetElapsedTime(heard.HeardAt).TotalMilliseconds, identity.Address)
            : default;
    }

    /// <summary>Whether an address is some replica's, where a node would heartbeat to itself.</summary>
    public bool IsReplicaAddress(IPAddress address) =>
        identity.Peers.Concat(replica.Status.Membership.Members.Select(m => m.Address)).Any(p => IPEndPoint.Parse(p).Address.Equals(address));
}
