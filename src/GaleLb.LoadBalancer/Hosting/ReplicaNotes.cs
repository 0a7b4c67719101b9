using GaleLb.Raft;
using GaleLb.Replica;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>Passes on to the log what the replica has to say.</summary>
internal sealed class ReplicaNotes(ILogger<RaftReplica> log) : IReplicaObserver
{
    public void Applied(LogIndex index)
    {
        // The state machine has told those who follow it.
    }

    public void Noted(string text) => log.LogInformation("{Note}", text);
}
