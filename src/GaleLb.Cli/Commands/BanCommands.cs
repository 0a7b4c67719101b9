using System.CommandLine;
using GaleLb.Cli.Api;
using GaleLb.Configuration;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl ban NODE</c> and <c>galectl unban NODE</c>.</summary>
internal static class BanCommands
{
    public static IEnumerable<Command> Create(GlobalOptions globals, Completions completions)
    {
        yield return Ban(globals, completions);
        yield return Unban(globals, completions);
    }

    private static Command Ban(GlobalOptions globals, Completions completions)
    {
        Argument<string> node = completions.Node();
        Option<string?> duration = new("--for") { Description = "How long; as black_list_expiry when left out", HelpName = "DURATION" };
        Option<string?> reason = new("--reason") { Description = "Why, for those who look later", HelpName = "TEXT" };
        OrderOptions order = new(globals.Environment);
        Command command = new("ban", "Put a node on the blacklist") { node, duration, reason };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) =>
        {
            string? time = parsed.GetValue(duration);
            if (time is not null && (!DurationText.TryParse(time, out TimeSpan length) || length <= TimeSpan.Zero))
            {
                throw new UsageException($"--for: \"{time}\" is not a time to ban for; expected {DurationText.Expected}");
            }

            BanRequest request = new(parsed.GetRequiredValue(node), time, parsed.GetValue(reason));
            return order.SendAsync(call, parsed, HttpMethod.Post, "blacklist", request, CliJson.Default.BanRequest, cancellation);
        });
        return command;
    }

    private static Command Unban(GlobalOptions globals, Completions completions)
    {
        Argument<string> node = completions.Node();
        OrderOptions order = new(globals.Environment);
        Command command = new("unban", "Take a node off the blacklist; its fails are forgotten") { node };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) => order.SendAsync(
            call, parsed, HttpMethod.Delete, $"blacklist/{Uri.EscapeDataString(parsed.GetRequiredValue(node))}", cancellation));
        return command;
    }
}
