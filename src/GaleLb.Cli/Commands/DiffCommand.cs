using System.CommandLine;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl diff FROM TO</c>: what differs between the states of two log indexes.</summary>
internal static class DiffCommand
{
    public static Command Create(GlobalOptions globals)
    {
        Argument<ulong> from = new("FROM") { Description = "A log index" };
        Argument<ulong> to = new("TO") { Description = "Another one" };
        Command command = new("diff", "Show what differs between two log indexes") { from, to };
        globals.Handle(command, (call, parsed, cancellation) => call.ShowAsync(
            $"diff?from={parsed.GetRequiredValue(from)}&to={parsed.GetRequiredValue(to)}", CliJson.Default.DifferencesDocument,
            document => Write(document, call.Output), cancellation));
        return command;
    }

    private static void Write(DifferencesDocument document, TextOutput output)
    {
        foreach (FieldDifferenceDocument setting in document.Settings)
        {
            output.WriteLine($"~ setting {Words(setting)}", Tone.Attention);
        }

        Write("service", document.Services, output);
        Write("node", document.Nodes, output);
        Write("ban", document.Blacklist, output);
        Write("block", document.Blocks, output);
        foreach (ImpactDocument impact in document.Slots)
        {
            output.WriteLine(impact.Summary);
        }

        if (document.Settings.Count + document.Services.Count + document.Nodes.Count + document.Blacklist.Count + document.Blocks.Count == 0)
        {
            output.WriteLine($"nothing differs between {document.From} and {document.To}");
        }
    }

    private static void Write(string what, IReadOnlyList<ItemDifferenceDocument> items, TextOutput output)
    {
        foreach (ItemDifferenceDocument item in items)
        {
            (string mark, Tone tone) = item.Change switch
            {
                "added" => ("+", Tone.Good),
                "removed" => ("-", Tone.Bad),
                _ => ("~", Tone.Attention),
            };
            output.WriteLine($"{mark} {what} {item.Id}", tone);
            foreach (FieldDifferenceDocument field in item.Fields)
            {
                output.WriteLine("    " + Words(field));
            }
        }
    }

    private static string Words(FieldDifferenceDocument field) => (field.From, field.To) switch
    {
        (null, { } to) => $"{field.Field}: {to}",
        ({ } from, null) => $"{field.Field}: {from} → (none)",
        _ => $"{field.Field}: {field.From} → {field.To}",
    };
}
