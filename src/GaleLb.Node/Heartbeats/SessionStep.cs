using GaleLb.Rpc.V1;

namespace GaleLb.Node.Heartbeats;

/// <summary>What one heartbeat says beyond who sends it.</summary>
internal readonly record struct Beat(ulong Sequence, ServingStatus Status, ServiceReport Report);

/// <summary>Why a session is over.</summary>
internal enum SessionEnd
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>The replica owes two answers: go to the next one.</summary>
    Silent,

    /// <summary>The replica has taken note that this node is leaving.</summary>
    Left,
}

/// <summary>What the caller of <see cref="HeartbeatSession"/> must do now: send a heartbeat, or end the stream, or neither.</summary>
internal readonly record struct SessionStep(Beat? Send = null, SessionEnd End = SessionEnd.None);
