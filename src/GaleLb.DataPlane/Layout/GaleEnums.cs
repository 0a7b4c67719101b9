namespace GaleLb.DataPlane.Layout;

// Mirrors of the enums of bpf/galelb_layout.h; LayoutTests compares them with the compiled object.

/// <summary>Limits: enum gale_limit.</summary>
public static class GaleLimit
{
    public const int RingSlots = 65537;
    public const int RingsMax = 1024;
    public const int NodesMax = 16384;
    public const int ServicesMax = 4096;
    public const int SourcesMax = 8;
    public const int PortWords = 1024;

    /// <summary>Halves of flows in a set.</summary>
    public const int FlowSlots = 31;
    public const int BlocksMax = 65536;

    /// <summary>A service's ring number when it has no node.</summary>
    public const uint RingNone = 0x7fffffff;

    /// <summary>No service or node in particular.</summary>
    public const uint TraceAny = 0x7ffffffe;
}

public enum GaleForwarding : byte
{
    L4 = 0,
    L3 = 1,
    L2 = 2,
}

public enum GaleHash : byte
{
    FiveTuple = 0,
    Source = 1,
}

/// <summary>What a client is told when there is no node for it, or its node was given up.</summary>
public enum GaleRefusal : byte
{
    /// <summary>TCP reset, or ICMP port unreachable for UDP.</summary>
    Reset = 0,
    Drop = 1,
}

[Flags]
public enum GaleNodeFlag : byte
{
    None = 0,
    Valid = 1,

    /// <summary>Given up: the next packet of either side is refused.</summary>
    Refuse = 2,
}

public enum GaleNextHopState : byte
{
    Unresolved = 0,
    Resolved = 1,
}

[Flags]
public enum GaleConfigFlag : uint
{
    None = 0,
    NoSourceNat = 1,
    Blocks = 2,
    DeadMan = 4,
    ClampMss = 8,
}

public enum GaleFlowDirection : byte
{
    /// <summary>Client to node.</summary>
    Forward = 0,

    /// <summary>Node to client.</summary>
    Reverse = 1,
}

public enum GaleFlowState : byte
{
    None = 0,
    SynSent = 1,
    SynReceived = 2,
    Established = 3,
    Fin = 4,
    TimeWait = 5,
    Closed = 6,
    UdpOneWay = 7,
    Udp = 8,
}

/// <summary>Why a packet left as it did: the index into the map stats. The names are those of the metrics' label.</summary>
public enum GaleReason : byte
{
    PassNotOurs = 0,
    PassControl = 1,
    PassUnparsed = 2,
    PassFragment = 3,
    ForwardedL4 = 4,
    ForwardedL3 = 5,
    ForwardedL2 = 6,
    ReturnedL4 = 7,
    ForwardedIcmp = 8,
    ReturnedIcmp = 9,
    AnsweredEcho = 10,
    AnsweredTooBig = 11,
    DropMalformed = 12,
    DropFragment = 13,
    DropOptions = 14,
    DropTtl = 15,
    DropBlocked = 16,
    DropNoNodes = 17,
    DropNodeInvalid = 18,
    DropNodeRefused = 19,
    DropNoFlow = 20,
    DropUnresolved = 21,
    DropTableFull = 22,
    DropPorts = 23,
    DropNoSource = 24,
    DropDeadMan = 25,
    DropNatUnknown = 26,
    DropFamily = 27,
    DropTooBig = 28,
    DropRewrite = 29,
    ResetSent = 30,
    UnreachableSent = 31,
}
