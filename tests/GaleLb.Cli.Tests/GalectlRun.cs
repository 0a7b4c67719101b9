namespace GaleLb.Cli.Tests;

/// <summary>What one invocation of galectl did.</summary>
internal sealed record GalectlRun(int ExitCode, string Output, string Error)
{
    public static Task<GalectlRun> OfAsync(params string[] args) => OfAsync(new Dictionary<string, string>(StringComparer.Ordinal), false, args);

    public static async Task<GalectlRun> OfAsync(IReadOnlyDictionary<string, string> variables, bool isTerminal, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = await Galectl.RunAsync(args, new GalectlEnvironment(variables.GetValueOrDefault, output, error, isTerminal));
        return new GalectlRun(code, output.ToString(), error.ToString());
    }

    /// <summary>The output's lines, each with its runs of blanks as one.</summary>
    public IReadOnlyList<string> Lines =>
    [
        .. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries))),
    ];
}
