namespace GaleLb.State.Nodes;

/// <summary>Where a node stands in its life (docs/node-lifecycle.md). The values are part of the snapshot format.</summary>
public enum NodePhase : byte
{
    /// <summary>Heartbeats arrive; not yet enough of them passed in a row.</summary>
    Probing = 0,

    /// <summary>In the rings of its services, unless draining or of weight 0.</summary>
    Routable = 1,

    /// <summary>Known, and out of every ring; <see cref="DownReason"/> says why.</summary>
    Down = 2,

    /// <summary>Kept out until its blacklist entry expires or is lifted.</summary>
    Blacklisted = 3,
}

/// <summary>Why a node is <see cref="NodePhase.Down"/>. The values are part of the log and snapshot formats.</summary>
public enum DownReason : byte
{
    None = 0,

    /// <summary>No heartbeat for checks_timeout. A fail.</summary>
    Timeout = 1,

    /// <summary>Its own check of its service failed. A fail, except on registration.</summary>
    NotServing = 2,

    /// <summary>It said that it stops. No fail.</summary>
    Leaving = 3,

    /// <summary>Another node took over its address after its silence. No fail.</summary>
    AddressLost = 4,

    /// <summary>No heartbeat since it was put on probation (by expiry or unban). No fail: it was gone already.</summary>
    Silent = 5,
}

/// <summary>A node's state as shown to people and told to the node: phase and draining in one word.</summary>
public enum NodeState : byte
{
    Probing = 1,
    Routable = 2,
    Draining = 3,
    Blacklisted = 4,
    Down = 5,
}
