using System.CommandLine;
using System.Globalization;
using GaleLb.Cli.Api;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl node drain|undrain|weight|remove ID</c>: orders about one node.</summary>
internal static class NodeCommand
{
    private const int WeightMax = 1000;

    public static Command Create(GlobalOptions globals, Completions completions)
    {
        Command command = new("node", "Order something of one node");
        command.Subcommands.Add(Simple(globals, completions, "drain", "Give it no new connections; old ones continue", HttpMethod.Post, "/drain"));
        command.Subcommands.Add(Simple(globals, completions, "undrain", "Let it take connections again; its fails are forgotten", HttpMethod.Post, "/undrain"));
        command.Subcommands.Add(Weight(globals, completions));
        command.Subcommands.Add(Simple(globals, completions, "remove", "Forget it, with its connections", HttpMethod.Delete, ""));
        return command;
    }

    private static Command Simple(
        GlobalOptions globals, Completions completions, string name, string description, HttpMethod method, string suffix)
    {
        Argument<string> id = completions.Node();
        OrderOptions order = new(globals.Environment);
        Command command = new(name, description) { id };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) => order.SendAsync(
            call, parsed, method, $"nodes/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}{suffix}", cancellation));
        return command;
    }

    private static Command Weight(GlobalOptions globals, Completions completions)
    {
        Argument<string> id = completions.Node();
        Argument<string> weight = new("WEIGHT") { HelpName = "WEIGHT", Description = $"0 to {WeightMax}, or default for what the node itself says" };
        weight.CompletionSources.Add("default");
        OrderOptions order = new(globals.Environment);
        Command command = new("weight", "Set its share relative to other nodes; 0: no new connections") { id, weight };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) => order.SendAsync(
            call, parsed, HttpMethod.Put, $"nodes/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/weight",
            new WeightRequest(ParseWeight(parsed.GetRequiredValue(weight))), CliJsonWithNulls.Default.WeightRequest, cancellation));
        return command;
    }

    private static int? ParseWeight(string text) =>
        text == "default" ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int weight) && weight <= WeightMax ? weight
        : throw new UsageException($"WEIGHT: \"{text}\" is not a weight; expected 0 to {WeightMax}, or default");
}
