namespace GaleLb.State.Settings;

/// <summary>The section [node_health] as the log holds it: durations in milliseconds, shares in permille.</summary>
public sealed record NodeHealthSettings
{
    public const long DurationMsMax = 10L * 365 * 24 * 3600 * 1000;

    public int ChecksBeforeRouting { get; init; } = 3;
    public long ChecksTimeoutMs { get; init; } = 5_000;

    /// <summary>−1: never.</summary>
    public int BlackListAfterFails { get; init; } = 5;

    public long BlackListExpiryMs { get; init; } = 300_000;
    public int MinRoutable { get; init; }

    /// <summary>1000: off.</summary>
    public int MaxEjectSharePermille { get; init; } = 500;

    public long FlowGraceMs { get; init; } = 30_000;
    public long ForgetAfterMs { get; init; } = 86_400_000;

    /// <summary>How often a node is to send a heartbeat, and how often at most a pass counts.</summary>
    public long HeartbeatIntervalMs => Math.Max(1, ChecksTimeoutMs / 5);

    /// <summary>Null when they may stand, else the key and what is wrong with it.</summary>
    public (string Field, string Message)? Check()
    {
        if (ChecksBeforeRouting is < 1 or > 1000)
            return ("node_health.checks_before_routing", $"from 1 to 1000 expected, not {ChecksBeforeRouting}");
        if (ChecksTimeoutMs is < 50 or > 3_600_000)
            return ("node_health.checks_timeout", $"from 50 ms to 1 h expected, not {ChecksTimeoutMs} ms");
        if (BlackListAfterFails is < -1 or 0)
            return ("node_health.black_list_after_fails", $"-1 (never) or 1 and more expected, not {BlackListAfterFails}");
        if (BlackListExpiryMs is < 1 or > DurationMsMax)
            return ("node_health.black_list_expiry", $"from 1 ms to 10 years expected, not {BlackListExpiryMs} ms");
        if (MinRoutable < 0)
            return ("node_health.min_routable", $"0 or more expected, not {MinRoutable}");
        if (MaxEjectSharePermille is < 0 or > 1000)
            return ("node_health.max_eject_share", $"from 0.0 to 1.0 expected, not {MaxEjectSharePermille} permille");
        if (FlowGraceMs is < 0 or > DurationMsMax)
            return ("node_health.flow_grace", $"from 0 to 10 years expected, not {FlowGraceMs} ms");
        if (ForgetAfterMs is < 1 or > DurationMsMax)
            return ("node_health.forget_after", $"from 1 ms to 10 years expected, not {ForgetAfterMs} ms");
        return null;
    }
}
