namespace GaleLb.State.Nodes;

/// <summary>How many nodes there are of each state, kept up with every change.</summary>
public readonly record struct NodeTally(
    int Total, int Probing, int Routable, int Draining, int Blacklisted, int Down, int Suspect, int InRing)
{
    internal NodeTally With(NodeRecord? removed, NodeRecord? added)
    {
        NodeTally tally = this;
        if (removed is not null)
            tally = tally.Count(removed, -1);
        return added is null ? tally : tally.Count(added, 1);
    }

    private NodeTally Count(NodeRecord node, int by) => this with
    {
        Total = Total + by,
        Probing = Probing + (node.State == NodeState.Probing ? by : 0),
        Routable = Routable + (node.State == NodeState.Routable ? by : 0),
        Draining = Draining + (node.State == NodeState.Draining ? by : 0),
        Blacklisted = Blacklisted + (node.State == NodeState.Blacklisted ? by : 0),
        Down = Down + (node.State == NodeState.Down ? by : 0),
        Suspect = Suspect + (node.IsSuspect ? by : 0),
        InRing = InRing + (node.InRing ? by : 0),
    };
}
