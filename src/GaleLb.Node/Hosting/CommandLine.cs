namespace GaleLb.Node.Hosting;

/// <summary>What the caller asked for.</summary>
/// <param name="Config">The configuration file; null when help or the version is asked for.</param>
/// <param name="Error">What is wrong with the command line; null when nothing.</param>
internal sealed record CommandLine(string? Config, bool CheckConfig, bool Help, bool Version, string? Error)
{
    public const string Usage =
        """
        usage: gale-node --config FILE [--check-config]

          --config FILE    the node's configuration (TOML)
          --check-config   judge the file and exit: 0 when it is fine, 2 when it is not
          --version        print the version and exit
          --help           print this and exit

        Sends heartbeats to one of the gale-lb replicas of the file and moves on to the next when it fails.
        SIGTERM and SIGINT tell the replica that the node is leaving. Exit codes: 0 fine, 1 failed, 2 bad usage or configuration.
        """;

    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        CommandLine parsed = new(null, false, false, false, null);
        for (int i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--help" or "-h":
                    return parsed with { Help = true };
                case "--version":
                    return parsed with { Version = true };
                case "--check-config":
                    parsed = parsed with { CheckConfig = true };
                    break;
                case "--config" when i + 1 < arguments.Count:
                    parsed = parsed with { Config = arguments[++i] };
                    break;
                case "--config":
                    return parsed with { Error = "--config needs a file" };
                case var text when text.StartsWith("--config=", StringComparison.Ordinal):
                    parsed = parsed with { Config = text["--config=".Length..] };
                    break;
                case var text:
                    return parsed with { Error = $"'{text}' is not an argument" };
            }
        }
        return parsed.Config is { Length: > 0 } ? parsed : parsed with { Error = "--config FILE is missing" };
    }
}
