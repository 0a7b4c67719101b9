using System.Diagnostics;

namespace GaleLb.DataPlane.Tests.Support;

/// <summary>Runs commands and gives back what they print.</summary>
internal static class Shell
{
    /// <exception cref="InvalidOperationException">The command failed; with what it printed.</exception>
    public static string Run(string file, params string[] arguments)
    {
        (int code, string output) = TryRun(file, arguments);
        return code == 0 ? output : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)}: exit {code}: {output}");
    }

    public static (int Code, string Output) TryRun(string file, params string[] arguments)
    {
        ProcessStartInfo start = new(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
