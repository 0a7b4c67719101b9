using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using GaleLb.Cli.Api;
using GaleLb.Cli.Commands;

namespace GaleLb.Cli;

/// <summary>The program: reads a command line, runs its command, says how it went.</summary>
internal static class Galectl
{
    public static async Task<int> RunAsync(string[] args, GalectlEnvironment environment, CancellationToken cancellation = default)
    {
        ParseResult parsed = CommandTree.Create(environment).Parse(args);
        InvocationConfiguration configuration = new()
        {
            Output = environment.Output,
            Error = environment.Error,
            EnableDefaultExceptionHandler = false,
        };
        if (parsed.Action is ParseErrorAction)
        {
            foreach (string message in parsed.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal))
            {
                await environment.Error.WriteLineAsync($"galectl: {message}");
            }

            await environment.Error.WriteLineAsync($"Try: {Invocation(parsed)} --help");
            return ExitCode.BadUsage;
        }

        try
        {
            int code = await parsed.InvokeAsync(configuration, cancellation);
            await environment.Output.FlushAsync(CancellationToken.None);
            return code;
        }
        catch (UsageException e)
        {
            await environment.Error.WriteLineAsync($"galectl: {e.Message}");
            return ExitCode.BadUsage;
        }
        catch (ApiException e)
        {
            // What was already answered comes before the error on a terminal.
            await environment.Output.FlushAsync(CancellationToken.None);
            await environment.Error.WriteLineAsync($"galectl: {e.Message}");
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            await environment.Error.WriteLineAsync("galectl: interrupted");
            return ExitCode.Failed;
        }
    }

    private static string Invocation(ParseResult parsed)
    {
        IEnumerable<string> names = parsed.CommandResult.Command is RootCommand
            ? []
            : Ancestors(parsed.CommandResult).Reverse().Skip(1).Select(c => c.Command.Name);
        return string.Join(' ', names.Prepend("galectl"));
    }

    private static IEnumerable<CommandResult> Ancestors(CommandResult result)
    {
        for (SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is CommandResult command)
            {
                yield return command;
            }
        }
    }
}
