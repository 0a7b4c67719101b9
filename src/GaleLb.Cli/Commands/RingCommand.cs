using System.CommandLine;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl ring SERVICE</c>: each node's share of new connections.</summary>
internal static class RingCommand
{
    public static Command Create(GlobalOptions globals, Completions completions)
    {
        Argument<string> service = completions.Service();
        Option<bool> local = LocalRead.Option();
        Command command = new("ring", "Show each node's share of a service's ring") { service, local };
        globals.Handle(command, (call, parsed, cancellation) => call.ShowAsync(
            $"services/{Uri.EscapeDataString(parsed.GetRequiredValue(service))}/ring{LocalRead.Query(parsed.GetValue(local))}",
            CliJson.Default.RingDocument, document => Write(document, call), cancellation));
        return command;
    }

    private static void Write(RingDocument ring, ApiCall call)
    {
        if (ring.Shares.Count == 0)
        {
            call.Output.WriteLine($"the ring of {ring.Service} is empty: no node takes its connections", Tone.Bad);
            return;
        }

        TextTable table = new("NODE", "#SLOTS", "#SHARE");
        foreach (RingShareDocument share in ring.Shares)
        {
            table.Add(share.Node, $"{share.Slots}", Quantity.Share(share.Share));
        }

        table.Write(call.Output);
        if (call.IsWide)
        {
            call.Output.WriteLine($"{ring.Slots} slots, table {ring.TableDigest} at index {ring.AppliedIndex}", Tone.Faint);
        }
    }
}
