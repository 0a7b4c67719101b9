using GaleLb.Rpc;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Heartbeats;

/// <summary>What can happen to a stream; handled one at a time.</summary>
internal abstract record NodeEvent
{
    private NodeEvent()
    {
    }

    /// <summary>The session's time has come.</summary>
    public sealed record Tick : NodeEvent;

    public sealed record Answered(HeartbeatResponse Response) : NodeEvent;

    /// <summary>The stream is over, whatever its status.</summary>
    public sealed record Ended(RpcStatus Status) : NodeEvent;

    public sealed record Reported(ServiceReport Report) : NodeEvent;

    /// <summary>The process was asked to stop.</summary>
    public sealed record Leave : NodeEvent;
}
