using GaleLb.Raft;

namespace GaleLb.State.Events;

/// <summary>What kind of change an event tells. The values are part of the snapshot format.</summary>
public enum EventKind : byte
{
    ClusterFounded = 0,
    LeaderElected = 1,
    MembershipChanged = 2,
    StateVersionRaised = 3,
    SettingsChanged = 4,
    EntryUnreadable = 5,
    MemberOrdered = 6,
    NodeRegistered = 10,
    NodeChanged = 11,
    NodeReturned = 12,
    NodeRoutable = 13,
    NodeDown = 14,
    NodeSuspect = 15,
    NodeSuspectCleared = 16,
    NodeBlacklisted = 17,
    NodeBlacklistEnded = 18,
    NodeFailsReset = 19,
    NodeFlowsRefused = 20,
    NodeForgotten = 21,
    NodeRemoved = 22,
    NodeDrained = 23,
    NodeUndrained = 24,
    NodeAddressLost = 25,
    PlaceReleased = 26,
    ServiceAdded = 40,
    ServiceChanged = 41,
    ServiceRemoved = 42,
    ClientsBlocked = 50,
    ClientsUnblocked = 51,
}

/// <summary>
/// One committed change, for people. <paramref name="WallTimeMs"/> (Unix, of the leader's clock) is for display only;
/// <paramref name="Origin"/> is who or what asked for it, <paramref name="Cause"/> why it came about.
/// </summary>
public sealed record StateEvent(
    LogIndex Index, LogTime LogTime, long WallTimeMs, EventKind Kind, string Subject, string Origin, string Cause);
