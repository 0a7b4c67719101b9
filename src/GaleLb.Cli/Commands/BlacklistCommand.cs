using System.CommandLine;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl blacklist</c>: nodes that are banned.</summary>
internal static class BlacklistCommand
{
    public static Command Create(GlobalOptions globals)
    {
        Option<bool> local = LocalRead.Option();
        Command command = new("blacklist", "Show banned nodes, why, and for how long") { local };
        globals.Handle(command, (call, parsed, cancellation) => call.ShowAsync(
            $"blacklist{LocalRead.Query(parsed.GetValue(local))}", CliJson.Default.BlacklistDocument, document => Write(document, call.Output), cancellation));
        return command;
    }

    private static void Write(BlacklistDocument blacklist, TextOutput output)
    {
        if (blacklist.Blacklist.Count == 0)
        {
            output.WriteLine("nobody is blacklisted");
            return;
        }

        TextTable table = new("NODE", "#LEFT", "UNTIL", "REASON");
        foreach (BanDocument ban in blacklist.Blacklist)
        {
            table.Add(ban.Node.Length > 0 ? ban.Node : ban.Id, Quantity.Milliseconds(ban.MsLeft), Quantity.Time(ban.Until), Quantity.OrDash(ban.Reason));
        }

        table.Write(output);
    }
}
