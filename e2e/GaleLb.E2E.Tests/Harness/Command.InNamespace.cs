namespace GaleLb.E2E.Tests.Harness;

/// <content>In a network namespace.</content>
public static partial class Command
{
    public static Task<CommandResult> InAsync(NetworkNamespace space, string file, params IEnumerable<string> arguments) =>
        RunAsync("nsenter", [$"--net={space.Path}", file, .. arguments]);
}
