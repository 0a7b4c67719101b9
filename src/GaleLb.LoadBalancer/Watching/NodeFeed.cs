using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Rest;
using GaleLb.Raft;
using GaleLb.State;

namespace GaleLb.LoadBalancer.Watching;

/// <summary>All nodes once, unless the reader has those of a state that is still kept, and then what changes.</summary>
/// <param name="told">The state that the reader has the nodes of; null for none.</param>
/// <param name="whole">All nodes of a state, as a plain read answers them.</param>
/// <param name="changes">The nodes of a state that changed after an index, and names that are gone.</param>
internal sealed class NodeFeed(
    ClusterMachine machine, ClusterState? told, Func<ClusterState, NodesDocument> whole,
    Func<ClusterState, LogIndex, IReadOnlyList<string>, NodeChangesDocument> changes) : IWatchFeed
{
    private ClusterState? _told = told;

    public IEnumerable<WatchMessage> Next()
    {
        ClusterState state = machine.State;
        if (_told is null)
            yield return WatchMessage.Of("nodes", state.AppliedIndex, whole(state), RestJson.Answers.NodesDocument);
        else if (!ReferenceEquals(_told.Nodes, state.Nodes))
            yield return WatchMessage.Of(
                "changes", state.AppliedIndex, changes(state, _told.AppliedIndex, Removed(_told, state)), RestJson.Answers.NodeChangesDocument);
        _told = state;
    }

    private static IReadOnlyList<string> Removed(ClusterState from, ClusterState to) =>
        [.. from.Nodes.Keys.Where(name => !to.Nodes.ContainsKey(name))];
}
