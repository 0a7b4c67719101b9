using GaleLb.Raft;
using GaleLb.Replica;
using GaleLb.Replica.Storage;
using GaleLb.Replica.Wire;

namespace GaleLb.TestKit;

/// <summary>One replica of a <see cref="LocalCluster"/> with what it drives.</summary>
public sealed record LocalReplica(RaftReplica Replica, IReplicatedStateMachine StateMachine, AwaitableObserver Observer, ReplicaOptions Options)
{
    public RecordingMachine Machine => (RecordingMachine)StateMachine;
}

/// <summary>Replicas in one process under the real clock, joined by method calls; every message goes through the codec.</summary>
public sealed class LocalCluster
{
    private readonly List<LocalReplica> _replicas = [];

    public IReadOnlyList<LocalReplica> Replicas => _replicas;

    public void Add(ReplicaOptions options, IDisk disk, IReplicatedStateMachine? stateMachine = null)
    {
        IReplicatedStateMachine machine = stateMachine ?? new RecordingMachine();
        RaftReplica replica = RaftReplica.Open(options, disk, machine, TimeProvider.System, new SystemRandomness());
        _replicas.Add(new LocalReplica(replica, machine, new AwaitableObserver(), options));
    }

    /// <summary>Starts all and introduces everyone to everyone.</summary>
    public void Start()
    {
        foreach (LocalReplica replica in _replicas)
            replica.Replica.Start(new Wire(this), replica.Observer);
        foreach (LocalReplica to in _replicas)
            foreach (LocalReplica from in _replicas)
                if (from != to)
                    to.Replica.Introduced(new PeerIntroduction(
                        from.Replica.Self, from.Options.Address, from.Replica.Status.DirectoryEmpty, from.Options.Addresses));
    }

    public async Task<RaftReplica> LeaderAsync()
    {
        while (true)
        {
            // Asked for first, so that what happens meanwhile is not missed: a leader's own first entry is applied, and told, once committed.
            Task next = Task.WhenAny(_replicas.Select(r => r.Observer.NextAsync()));
            foreach (LocalReplica replica in _replicas)
                if (replica.Replica.Status is { Role: RaftRole.Leader } status && status.AppliedIndex > LogIndex.Zero)
                    return replica.Replica;
            await next;
        }
    }

    public async Task StopAsync()
    {
        foreach (LocalReplica replica in _replicas)
            await replica.Replica.DisposeAsync();
        _replicas.Clear();
    }

    private sealed class Wire(LocalCluster cluster) : IPeerTransport
    {
        public void Send(Message message)
        {
            foreach (LocalReplica replica in cluster._replicas)
                if (replica.Replica.Self == message.To)
                    replica.Replica.Receive(MessageCodec.Decode(MessageCodec.Encode(message)));
        }
    }
}
