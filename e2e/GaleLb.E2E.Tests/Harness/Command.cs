using System.Diagnostics;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>What a command that ran to its end said.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    public override string ToString() => $"exit code {ExitCode}\n{Output}{Errors}";
}

/// <summary>Runs commands to their end.</summary>
public static partial class Command
{
    /// <exception cref="TimeoutException">It did not end within 120 s and was killed.</exception>
    public static Task<CommandResult> RunAsync(string file, params IEnumerable<string> arguments) =>
        RunAsync(TimeSpan.FromSeconds(120), file, arguments);

    /// <exception cref="TimeoutException">It did not end within <paramref name="limit"/> and was killed.</exception>
    public static Task<CommandResult> RunAsync(TimeSpan limit, string file, params IEnumerable<string> arguments) =>
        RunWithInputAsync(limit, "", file, arguments);

    /// <summary>As <see cref="RunAsync(TimeSpan, string, IEnumerable{string})"/>, for one that reads <paramref name="input"/>.</summary>
    public static async Task<CommandResult> RunWithInputAsync(TimeSpan limit, string input, string file, params IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading, and says itself why.
        }

        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {string.Join(' ', arguments)} did not end within {limit.TotalSeconds} s:\n{await output}{await errors}", late);
        }

        return new(process.ExitCode, await output, await errors);
    }

    /// <summary>Runs it, and throws with what it said unless it exits with 0.</summary>
    public static async Task<string> SucceedAsync(string file, params IEnumerable<string> arguments)
    {
        var result = await RunAsync(file, arguments);
        return result.ExitCode == 0
            ? result.Output
            : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)}: {result}");
    }
}
