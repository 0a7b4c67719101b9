using System.Collections.Immutable;
using GaleLb.Raft;
using GaleLb.State.Nodes;

namespace GaleLb.State.Commands;

/// <summary>
/// What the leader decided about a node from the heartbeats it knows of. <paramref name="Seen"/> is the node's
/// <see cref="NodeRecord.LastChange"/> on which it was decided (zero: unknown node); when it has changed since, the
/// decision is void, so that one proposed twice takes effect once.
/// </summary>
public abstract record NodeDecision(string Node, LogIndex Seen) : Command;

/// <summary>
/// A node makes itself known, or says something new of itself. <paramref name="Serving"/> false: its own check fails
/// just now, it waits as down without a fail.
/// </summary>
public sealed record NodeRegister(string Node, LogIndex Seen, NodeDescription Description, bool Serving)
    : NodeDecision(Node, Seen)
{
    public override CommandKind Kind => CommandKind.NodeRegister;
}

/// <summary>A node that was down is heard again and serving: it is probed.</summary>
public sealed record NodeReturned(string Node, LogIndex Seen) : NodeDecision(Node, Seen)
{
    public override CommandKind Kind => CommandKind.NodeReturned;
}

/// <summary>checks_before_routing passes in a row were reached.</summary>
public sealed record NodeRoutable(string Node, LogIndex Seen) : NodeDecision(Node, Seen)
{
    public override CommandKind Kind => CommandKind.NodeRoutable;
}

/// <summary>A suspect node is heard again and serving.</summary>
public sealed record NodeSuspectCleared(string Node, LogIndex Seen) : NodeDecision(Node, Seen)
{
    public override CommandKind Kind => CommandKind.NodeSuspectCleared;
}

/// <summary>A node is to leave its rings, for the reason given; a guard may keep it as suspect.</summary>
public sealed record NodeDown(string Node, LogIndex Seen, DownReason Reason) : NodeDecision(Node, Seen)
{
    public override CommandKind Kind => CommandKind.NodeDown;
}

/// <summary>Which of its services a node itself checks bad (names in ordinal order); the others go on.</summary>
public sealed record NodeServiceHealth(string Node, LogIndex Seen, ImmutableArray<string> NotServing)
    : NodeDecision(Node, Seen)
{
    public override CommandKind Kind => CommandKind.NodeServiceHealth;
}

/// <summary>flow_grace has passed without recovery: its flows are given up.</summary>
public sealed record NodeFlowsRefused(string Node, LogIndex Seen) : NodeDecision(Node, Seen)
{
    public override CommandKind Kind => CommandKind.NodeFlowsRefused;
}

/// <summary>It was routable for black_list_expiry: its fails are forgiven.</summary>
public sealed record NodeFailsReset(string Node, LogIndex Seen) : NodeDecision(Node, Seen)
{
    public override CommandKind Kind => CommandKind.NodeFailsReset;
}

/// <summary>It has been silent for forget_after: its record goes.</summary>
public sealed record NodeForget(string Node, LogIndex Seen) : NodeDecision(Node, Seen)
{
    public override CommandKind Kind => CommandKind.NodeForget;
}

/// <summary>A blacklist entry's time is over. <paramref name="Seen"/> is the entry's last change.</summary>
public sealed record BlacklistExpired(string Node, LogIndex Seen) : NodeDecision(Node, Seen)
{
    public override CommandKind Kind => CommandKind.BlacklistExpired;
}
