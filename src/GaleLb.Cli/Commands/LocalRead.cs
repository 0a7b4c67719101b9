using System.CommandLine;

namespace GaleLb.Cli.Commands;

/// <summary>The choice of reads that need no leader.</summary>
internal static class LocalRead
{
    public static Option<bool> Option() => new("--local")
    {
        Description = "Take what the replica has, even when it may be out of date or without a leader",
    };

    public static string Query(bool isLocal) => isLocal ? "?consistency=local" : "";
}
