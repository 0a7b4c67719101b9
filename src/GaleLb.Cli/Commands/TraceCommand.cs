using System.CommandLine;
using System.Globalization;
using System.Text;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl trace</c>: packets as one replica decides about them, while they come.</summary>
internal static class TraceCommand
{
    public static Command Create(GlobalOptions globals, Completions completions)
    {
        Option<string?> address = new("--address") { Description = "One of the packet's addresses, or a range that it is in", HelpName = "IP|CIDR" };
        Option<int?> port = new("--port") { Description = "One of its ports", HelpName = "PORT" };
        Option<string?> protocol = new("--protocol") { Description = "Its protocol", HelpName = "tcp|udp" };
        protocol.AcceptOnlyFromAmong("tcp", "udp");
        Option<string?> service = new("--service") { Description = "The service that it is for", HelpName = "NAME" };
        Option<string?> node = new("--node") { Description = "The node that it is about", HelpName = "NAME" };
        Option<string?> reason = new("--reason")
        {
            Description = "Reasons, as drop_no_nodes,reset_sent; all for also what is for no service",
            HelpName = "REASON,…",
        };
        Option<int?> oneIn = new("--one-in") { Description = "Of those that match, show about one in so many", HelpName = "N" };
        Option<int?> limit = new("--limit") { Description = "How many at most; 1000 when left out", HelpName = "N" };
        Option<string?> time = new("--time") { Description = "For how long, as 10s (when left out) or 2m", HelpName = "DURATION" };
        service.CompletionSources.Add(completions.ServiceNames);
        node.CompletionSources.Add(completions.NodeNames);
        Command command = new("trace", "Show packets as the first replica of --api that answers decides about them")
        {
            address, port, protocol, service, node, reason, oneIn, limit, time,
        };
        globals.Handle(command, async (call, parsed, cancellation) =>
        {
            string path = "trace" + QueryText.Of(
                ("address", parsed.GetValue(address)), ("port", Text(parsed.GetValue(port))), ("protocol", parsed.GetValue(protocol)),
                ("service", parsed.GetValue(service)), ("node", parsed.GetValue(node)), ("reason", parsed.GetValue(reason)),
                ("one_in", Text(parsed.GetValue(oneIn))), ("limit", Text(parsed.GetValue(limit))), ("time", parsed.GetValue(time)));
            await RunAsync(call, path, cancellation);
        });
        return command;
    }

    /// <summary>A trace is of one replica: where it has begun and breaks off, no other one goes on with it.</summary>
    private static async Task RunAsync(ApiCall call, string path, CancellationToken cancellation)
    {
        StringBuilder failures = new();
        foreach (Uri replica in call.Api.Addresses)
        {
            bool begun = false, ended = false;
            string broken;
            try
            {
                broken = await call.Api.StreamAsync(
                    replica, path,
                    told =>
                    {
                        begun = true;
                        ended = told.Name == "end";
                        Show(call, told);
                    },
                    cancellation);
            }
            catch (OperationCanceledException)
            {
                // Ctrl-C ends it early.
                return;
            }

            if (ended)
            {
                return;
            }

            failures.Append("\n  ").Append(replica.GetLeftPart(UriPartial.Authority)).Append(": ").Append(broken);
            if (begun)
            {
                throw new ApiException($"the trace broke off{failures}");
            }
        }

        throw new ApiException($"no replica answers{failures}");
    }

    private static void Show(ApiCall call, ServerEvent told)
    {
        if (told.Name == "end")
        {
            TraceEndDocument end = ApiClient.Parse(Encoding.UTF8.GetBytes(told.Data), CliJson.Default.TraceEndDocument);
            call.Error.WriteLine(
                $"{end.Packets} packets" + (end.Lost > 0 ? $"; {end.Lost} more came too fast to be told of: --one-in or a narrower filter helps" : ""), Tone.Faint);
            return;
        }

        if (call.IsJson)
        {
            call.Output.WriteLine(told.Data);
        }
        else
        {
            Write(call, ApiClient.Parse(Encoding.UTF8.GetBytes(told.Data), CliJson.Default.PacketDocument));
        }

        call.Output.Flush();
    }

    private static void Write(ApiCall call, PacketDocument packet)
    {
        TextOutput output = call.Output;
        output.Write($"{packet.Time.UtcDateTime:HH:mm:ss.ffffff}Z  ", Tone.Faint);
        output.Write($"{packet.Protocol,-4} {packet.TcpFlags ?? "",-3} {packet.Source} > {packet.Destination}");
        if (packet.SentDestination is not null)
        {
            output.Write($"  sent {packet.SentSource} > {packet.SentDestination}");
        }

        Tone tone = packet.Reason.StartsWith("drop_", StringComparison.Ordinal) ? Tone.Bad : Tone.Good;
        output.Write($"  {packet.Reason}{(packet.Answer is null ? "" : $" {packet.Answer}")}", tone);
        output.Write(packet.Node is null ? "" : $"  {packet.Node}");
        output.WriteLine(call.IsWide ? $"  {packet.Service} {packet.Side} {packet.Verdict} {packet.Length} bytes" : "", Tone.Faint);
    }

    private static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
