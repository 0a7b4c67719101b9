using System.CommandLine;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl nodes [ID]</c>: all nodes, or all of one.</summary>
internal static class NodesCommand
{
    public static Command Create(GlobalOptions globals, Completions completions)
    {
        Argument<string?> id = new("ID") { Description = "One node, by its name", HelpName = "ID", Arity = ArgumentArity.ZeroOrOne };
        id.CompletionSources.Add(completions.NodeNames);
        Option<bool> local = LocalRead.Option();
        Command command = new("nodes", "Show nodes: state, heartbeats, traffic") { id, local };
        globals.Handle(command, (call, parsed, cancellation) =>
        {
            string query = LocalRead.Query(parsed.GetValue(local));
            return parsed.GetValue(id) is { } node
                ? call.ShowAsync($"nodes/{Uri.EscapeDataString(node)}{query}", CliJson.Default.NodeDocument, n => WriteOne(n, call.Output), cancellation)
                : call.ShowAsync($"nodes{query}", CliJson.Default.NodesDocument, n => Write(n.Nodes, call), cancellation);
        });
        return command;
    }

    private static void Write(IReadOnlyList<NodeDocument> nodes, ApiCall call)
    {
        if (nodes.Count == 0)
        {
            call.Output.WriteLine("no nodes");
            return;
        }

        if (!call.IsWide)
        {
            TextTable table = new("NODE", "ADDRESS", "STATE", "#WEIGHT", "#FAILS", "#HEARTBEAT", "#CONNECTIONS", "REASON");
            foreach (NodeDocument n in nodes)
            {
                table.Add(n.Id, Address(n), State(n), $"{n.Weight}", Fails(n), Heartbeat(n), $"{n.Connections}", Reason(n));
            }

            table.Write(call.Output);
            return;
        }

        TextTable wide = new(
            "NODE", "ADDRESS", "STATE", "#WEIGHT", "#PASSES", "#FAILS", "#HEARTBEAT", "REPLICA", "NEXT HOP", "SERVICES",
            "#CONNECTIONS", "#PACKETS", "#BYTES", "#CHANGED AT", "REASON");
        foreach (NodeDocument n in nodes)
        {
            wide.Add(n.Id, Address(n), State(n), $"{n.Weight}", $"{n.Passes}", Fails(n), Heartbeat(n), Quantity.OrDash(n.Replica),
                NextHop(n), Services(n), $"{n.Connections}", $"{n.Packets}", Quantity.Bytes(n.Bytes), $"{n.Index}", Reason(n));
        }

        wide.Write(call.Output);
    }

    private static void WriteOne(NodeDocument n, TextOutput output)
    {
        (string Name, Cell Value)[] lines =
        [
            ("node", n.Id), ("address", Address(n)), ("state", State(n)), ("reason", Reason(n)), ("weight", $"{n.Weight}"),
            ("passes", $"{n.Passes}"), ("fails", Fails(n)), ("heartbeat", n.LastHeartbeatMsAgo is null ? "none heard" : Heartbeat(n).Text + " ago"),
            ("replica", Quantity.OrDash(n.Replica)), ("next hop", NextHop(n)), ("services", Services(n)),
            ("connections", $"{n.Connections}"), ("packets", $"{n.Packets}"), ("bytes", Quantity.Bytes(n.Bytes)), ("changed at", $"{n.Index}"),
        ];
        foreach ((string name, Cell value) in lines.Where(l => l.Value.Text.Length > 0 && l.Value.Text != "-"))
        {
            output.Write($"{name,-14}", Tone.Faint);
            output.WriteLine(value.Text, value.Tone);
        }
    }

    private static string Address(NodeDocument n) =>
        n.Address.Length == 0 ? "-"
        : n.Port == 0 ? n.Address
        : n.Address.Contains(':', StringComparison.Ordinal) ? $"[{n.Address}]:{n.Port}" : $"{n.Address}:{n.Port}";

    private static Cell State(NodeDocument n) => new(
        n.Suspect ? n.State + ", suspect" : n.State,
        n.State switch
        {
            "routable" => n.Suspect ? Tone.Attention : Tone.Good,
            "probing" or "draining" => Tone.Attention,
            _ => Tone.Bad,
        });

    private static Cell Fails(NodeDocument n) => new($"{n.Fails}", n.Fails > 0 ? Tone.Attention : Tone.Plain);

    private static Cell Heartbeat(NodeDocument n) =>
        n.LastHeartbeatMsAgo is { } ms ? Quantity.Milliseconds(ms) : new Cell("-", Tone.Faint);

    private static Cell NextHop(NodeDocument n) => n.Resolved ? new Cell("known") : new Cell("unresolved", Tone.Bad);

    private static string Services(NodeDocument n) => n.Services.Count == 0 ? "all" : string.Join(",", n.Services);

    private static string Reason(NodeDocument n)
    {
        string left = n.BlacklistedMsLeft is { } ms ? $"for another {Quantity.Milliseconds(ms)}" : "";
        return string.Join(", ", new[] { n.Reason ?? "", left }.Where(t => t.Length > 0));
    }
}
