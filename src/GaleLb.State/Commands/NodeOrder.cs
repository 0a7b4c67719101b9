namespace GaleLb.State.Commands;

/// <summary>
/// What a person or a program asks for a node. Orders that take a node out of a ring are refused when min_routable or the
/// last node of a service stands against them, unless forced.
/// </summary>
public abstract record NodeOrder(string Node) : Command;

/// <summary>No new flows; the old ones continue.</summary>
public sealed record DrainNode(string Node, bool Force) : NodeOrder(Node)
{
    public override CommandKind Kind => CommandKind.DrainNode;
}

/// <summary>Ends a drain and forgives the fails.</summary>
public sealed record UndrainNode(string Node) : NodeOrder(Node)
{
    public override CommandKind Kind => CommandKind.UndrainNode;
}

/// <summary>Overrides the weight that the node says, 0 to 1000; null ends that.</summary>
public sealed record SetNodeWeight(string Node, ushort? Weight, bool Force) : NodeOrder(Node)
{
    public override CommandKind Kind => CommandKind.SetNodeWeight;
}

/// <summary>Drops the record; its flows are refused. A node that still sends heartbeats registers anew: ban or drain it instead.</summary>
public sealed record RemoveNode(string Node, bool Force) : NodeOrder(Node)
{
    public override CommandKind Kind => CommandKind.RemoveNode;
}

/// <summary>Blacklists for <paramref name="DurationMs"/> of log time (null: black_list_expiry); its flows are refused at once.</summary>
public sealed record BanNode(string Node, long? DurationMs, string Reason, bool Force) : NodeOrder(Node)
{
    public override CommandKind Kind => CommandKind.BanNode;
}

/// <summary>Lifts a blacklist entry, ordered or by fails, and forgives the fails.</summary>
public sealed record UnbanNode(string Node) : NodeOrder(Node)
{
    public override CommandKind Kind => CommandKind.UnbanNode;
}
