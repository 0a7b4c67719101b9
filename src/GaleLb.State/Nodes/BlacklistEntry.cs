using GaleLb.Raft;

namespace GaleLb.State.Nodes;

/// <summary>
/// Keeps a node out until <paramref name="Until"/>. It stands by name, so that it outlives the removal of the node's
/// record. <paramref name="Ordered"/> tells a ban from a blacklisting by fails.
/// </summary>
public sealed record BlacklistEntry(
    string Node, LogTime Since, LogTime Until, bool Ordered, string Reason, LogIndex LastChange);
