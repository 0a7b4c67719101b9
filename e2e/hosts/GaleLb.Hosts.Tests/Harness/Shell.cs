using System.Diagnostics;

namespace GaleLb.Hosts.Tests.Harness;

/// <summary>What a command that ran to its end said.</summary>
public sealed record ShellResult(int ExitCode, string Output, string Errors)
{
    public override string ToString() => $"exit code {ExitCode}\n{Output}{Errors}";
}

/// <summary>Runs commands on this machine to their end.</summary>
public static class Shell
{
    /// <exception cref="TimeoutException">It did not end within <paramref name="limit"/> and was killed.</exception>
    public static async Task<ShellResult> RunAsync(TimeSpan limit, string file, params IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using CancellationTokenSource deadline = new(limit);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            return new(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException late)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{file} {string.Join(' ', arguments)} did not end within {limit.TotalSeconds} s", late);
        }
    }
}
