using GaleLb.Raft;

namespace GaleLb.State.Commands;

/// <summary>A command as an entry carries it.</summary>
public sealed record CommandEnvelope(Command Command)
{
    public const int OriginMax = 256;
    public const int IdempotencyKeyMax = 255;

    /// <summary>Proposed by the leader: the state's log time plus the monotonic time since it last applied. See <see cref="CommandCodec.Stamp"/>.</summary>
    public LogTime LogTime { get; init; }

    /// <summary>The leader's clock, Unix milliseconds; for display only.</summary>
    public long WallTimeMs { get; init; }

    /// <summary>Who asks: "leader", "rest 10.0.0.1".</summary>
    public string Origin { get; init; } = "leader";

    /// <summary>A second order under a key that was carried out gets the first one's answer and changes nothing.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The order holds only while this is the last change of the resource that it names.</summary>
    public LogIndex? IfMatch { get; init; }
}
