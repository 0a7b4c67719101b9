using System.CommandLine;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl services</c>: what is balanced.</summary>
internal static class ServicesCommand
{
    public static Command Create(GlobalOptions globals)
    {
        Option<bool> local = LocalRead.Option();
        Command command = new("services", "Show what is balanced, or change it") { local };
        globals.Handle(command, (call, parsed, cancellation) => call.ShowAsync(
            $"services{LocalRead.Query(parsed.GetValue(local))}", CliJson.Default.ServicesDocument, document => Write(document, call), cancellation));
        return command;
    }

    private static void Write(ServicesDocument services, ApiCall call)
    {
        if (services.Services.Count == 0)
        {
            call.Output.WriteLine("no services");
            return;
        }

        TextTable table = call.IsWide
            ? new("SERVICE", "ADDRESSES", "#PORT", "PROTOCOL", "FORWARDING", "#NODES", "#TARGET", "SCHEDULER", "HASH", "#CHANGED AT")
            : new("SERVICE", "ADDRESSES", "#PORT", "PROTOCOL", "FORWARDING", "#NODES");
        foreach (ServiceDocument s in services.Services)
        {
            Cell nodes = new($"{s.Nodes}", s.Nodes > 0 ? Tone.Good : Tone.Bad);
            string addresses = s.Addresses.Count == 0 ? "self" : string.Join(",", s.Addresses);
            Cell[] cells = [s.Name, addresses, $"{s.Port}", s.Protocol, s.Forwarding, nodes];
            table.Add(call.IsWide ? [.. cells, $"{s.TargetPort}", s.Scheduler, s.Hash, $"{s.Index}"] : cells);
        }

        table.Write(call.Output);
    }
}
