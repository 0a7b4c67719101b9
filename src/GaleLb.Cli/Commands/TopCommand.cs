using System.CommandLine;
using System.Globalization;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;
using GaleLb.Configuration;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl top</c>: nodes and their traffic, drawn again and again.</summary>
internal static class TopCommand
{
    private const string ClearScreen = "\e[H\e[2J";

    public static Command Create(GlobalOptions globals)
    {
        Option<string> interval = new("--interval", "-i") { Description = "Time between two looks", HelpName = "DURATION", DefaultValueFactory = _ => "1s" };
        Option<int> count = new("--count", "-n") { Description = "Stop after so many looks; 0: at Ctrl-C", HelpName = "N", DefaultValueFactory = _ => 0 };
        Command command = new("top", "Watch nodes: state and traffic per second") { interval, count };
        globals.Handle(command, async (call, parsed, cancellation) =>
        {
            string text = parsed.GetRequiredValue(interval);
            if (!DurationText.TryParse(text, out TimeSpan pause) || pause < TimeSpan.FromMilliseconds(100))
            {
                throw new UsageException($"--interval: \"{text}\" is not a time between looks; expected at least 100ms, as 1s");
            }

            await WatchAsync(globals.Environment, call, pause, parsed.GetValue(count), cancellation);
        });
        return command;
    }

    private static async Task WatchAsync(GalectlEnvironment environment, ApiCall call, TimeSpan pause, int count, CancellationToken cancellation)
    {
        Dictionary<string, NodeDocument> before = new(StringComparer.Ordinal);
        for (int look = 1; ; look++)
        {
            try
            {
                StatusDocument status = ApiClient.Parse(await call.Api.GetAsync("status", cancellation), CliJson.Default.StatusDocument);
                NodesDocument nodes = ApiClient.Parse(await call.Api.GetAsync("nodes?consistency=local", cancellation), CliJson.Default.NodesDocument);
                call.Output.Control(ClearScreen);
                Write(status, nodes, before, pause, call.Output);
                before = nodes.Nodes.ToDictionary(n => n.Id, StringComparer.Ordinal);
            }
            catch (ApiException e) when (look > 1)
            {
                call.Output.WriteLine(e.Message, Tone.Bad);
            }

            call.Output.Flush();
            if (look == count)
            {
                return;
            }

            try
            {
                await environment.Delay(pause, cancellation);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static void Write(
        StatusDocument status, NodesDocument nodes, Dictionary<string, NodeDocument> before, TimeSpan pause, TextOutput output)
    {
        NodeCountsDocument counts = status.Nodes;
        output.WriteLine($"{status.Replica.Address}  {status.Raft.Role}, term {status.Raft.Term}, index {status.Raft.AppliedIndex}  "
            + $"{counts.Routable} of {counts.Total} nodes routable  table {Quantity.Digest(status.DataPlane.TableDigest)}");
        output.WriteLine();
        TextTable table = new("NODE", "STATE", "#WEIGHT", "#HEARTBEAT", "#CONNECTIONS", "#CONN/S", "#PACKETS/S", "#BYTES/S");
        foreach (NodeDocument n in nodes.Nodes.OrderByDescending(n => Rate(n, before, m => m.Bytes)).ThenBy(n => n.Id, StringComparer.Ordinal))
        {
            double seconds = pause.TotalSeconds;
            table.Add(
                n.Id, new Cell(n.State, n.State == "routable" ? Tone.Good : Tone.Attention), $"{n.Weight}",
                n.LastHeartbeatMsAgo is { } ms ? Quantity.Milliseconds(ms) : "-", $"{n.Connections}",
                PerSecond(Rate(n, before, m => m.Connections), seconds), PerSecond(Rate(n, before, m => m.Packets), seconds),
                Quantity.Bytes((ulong)((Rate(n, before, m => m.Bytes) ?? 0) / seconds)));
        }

        table.Write(output);
    }

    /// <summary>What a counter grew by since the last look; null at the first, and after a counter began anew.</summary>
    private static ulong? Rate(NodeDocument now, Dictionary<string, NodeDocument> before, Func<NodeDocument, ulong> counter) =>
        before.TryGetValue(now.Id, out NodeDocument? then) && counter(now) >= counter(then) ? counter(now) - counter(then) : null;

    private static string PerSecond(ulong? growth, double seconds) =>
        growth is { } count ? (count / seconds).ToString("0", CultureInfo.InvariantCulture) : "-";
}
