using GaleLb.Raft;

namespace GaleLb.Replica;

/// <summary>Hears what a replica does. Called on the replica's own thread: must return at once and not throw.</summary>
public interface IReplicaObserver
{
    /// <summary>The state machine stands at <paramref name="index"/>; several entries may have been applied since the last call.</summary>
    void Applied(LogIndex index);

    /// <summary>Something people should know, one sentence or two.</summary>
    void Noted(string text);
}
