using GaleLb.State;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Forwarding;

/// <summary>
/// The table of any state: the reconciler's where it has that one, else derived again. One derivation at a time, and the last
/// one's rings are kept, so that questions about the past cost the replica one thread at most.
/// </summary>
internal sealed class TableArchive(Func<TableView> newest)
{
    private readonly ForwardingTableBuilder _builder = new();
    private readonly Lock _deriving = new();

    public ForwardingTable Of(ClusterState state)
    {
        ForwardingTable table = newest().Table;
        if (table.Index == state.AppliedIndex)
            return table;
        lock (_deriving)
            return _builder.Next(state);
    }
}
