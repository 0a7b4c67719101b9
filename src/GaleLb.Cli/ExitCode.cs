namespace GaleLb.Cli;

/// <summary>What galectl tells scripts.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>It was refused, or nobody answered, or what was waited for did not come.</summary>
    public const int Failed = 1;

    /// <summary>The command line itself is wrong; nothing was asked of anybody.</summary>
    public const int BadUsage = 2;
}
