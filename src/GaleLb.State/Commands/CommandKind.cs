namespace GaleLb.State.Commands;

/// <summary>Tells commands apart in the log. The values are part of its format.</summary>
public enum CommandKind : byte
{
    Bootstrap = 1,
    Batch = 2,
    RaiseStateVersion = 3,
    StageSettings = 4,
    UnstageSettings = 5,
    SwitchSettings = 6,

    /// <summary>From state version 2 on.</summary>
    RecordMemberOrder = 7,
    NodeRegister = 10,
    NodeReturned = 11,
    NodeRoutable = 12,
    NodeSuspectCleared = 13,
    NodeDown = 14,
    NodeServiceHealth = 15,
    NodeFlowsRefused = 16,
    NodeFailsReset = 17,
    NodeForget = 18,
    BlacklistExpired = 19,
    PlaceReleased = 20,
    BlockExpired = 21,
    DrainNode = 30,
    UndrainNode = 31,
    SetNodeWeight = 32,
    RemoveNode = 33,
    BanNode = 34,
    UnbanNode = 35,
    AddService = 40,
    ReplaceService = 41,
    RemoveService = 42,
    BlockClients = 50,
    UnblockClients = 51,
}
