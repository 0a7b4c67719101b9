namespace GaleLb.Cli.Tests;

/// <summary>What one invocation of galectl did.</summary>
internal sealed record GalectlRun(int ExitCode, string Output, string Error)
{
    public static Task<GalectlRun> OfAsync(params string[] args) => OfAsync(new Dictionary<string, string>(StringComparer.Ordinal), false, args);

    public static async Task<GalectlRun> OfAsync(IReadOnlyDictionary<string, string> variables, bool isTerminal, params string[] args)
    {
        using StringWriter output = new(), error = new();
        return await OfAsync(EnvironmentOf(variables, isTerminal, output, error), args);
    }

    /// <summary>An environment with fixed keys, and with patience enough for the busiest machine.</summary>
    public static GalectlEnvironment EnvironmentOf(
        IReadOnlyDictionary<string, string> variables, bool isTerminal, StringWriter output, StringWriter error) =>
        new(name => variables.GetValueOrDefault(name) ?? (name == "GALECTL_TIMEOUT" ? "10m" : null), output, error, isTerminal)
        {
            NewKey = () => "key-1",
            CompletionPatience = TimeSpan.FromMinutes(10),
        };

    /// <summary>Runs in an environment whose writers are string writers.</summary>
    public static async Task<GalectlRun> OfAsync(GalectlEnvironment environment, params string[] args)
    {
        int code = await Galectl.RunAsync(args, environment);
        return new GalectlRun(code, environment.Output.ToString()!, environment.Error.ToString()!);
    }

    /// <summary>The output's lines, each with its runs of blanks as one.</summary>
    public IReadOnlyList<string> Lines =>
    [
        .. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries))),
    ];
}
