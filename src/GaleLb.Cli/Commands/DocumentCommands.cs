using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl explain</c>, <c>conntrack</c> and <c>state</c>: answers that are shown as they come.</summary>
internal static class DocumentCommands
{
    public static IEnumerable<Command> Create(GlobalOptions globals, Completions completions)
    {
        yield return Explain(globals);
        yield return Conntrack(globals, completions);
        yield return State(globals);
    }

    private static Command State(GlobalOptions globals)
    {
        Option<ulong?> index = new("--index") { Description = "As it was at this log index; now when left out", HelpName = "INDEX" };
        Command command = new("state", "Show all that the log has decided, now or at an index") { index };
        globals.Handle(command, (call, parsed, cancellation) =>
            ShowAsync(call, parsed.GetValue(index) is { } at ? $"state?index={at}" : "state", cancellation));
        return command;
    }

    private static Command Explain(GlobalOptions globals)
    {
        Option<string> source = new("--src") { Description = "Where the packet comes from", HelpName = "IP:PORT", Required = true };
        Option<string> destination = new("--dst") { Description = "Where it goes", HelpName = "IP:PORT", Required = true };
        Option<string> protocol = new("--protocol") { Description = "Its protocol", HelpName = "tcp|udp", DefaultValueFactory = _ => "tcp" };
        protocol.AcceptOnlyFromAmong("tcp", "udp");
        Option<ulong?> index = new("--index") { Description = "By the table of this log index instead of the kernel's", HelpName = "INDEX" };
        Command command = new("explain", "Say which node a packet would reach, and why") { source, destination, protocol, index };
        globals.Handle(command, (call, parsed, cancellation) =>
        {
            string src = EndPoint("--src", parsed.GetRequiredValue(source)), dst = EndPoint("--dst", parsed.GetRequiredValue(destination));
            string then = parsed.GetValue(index) is { } at ? $"&index={at}" : "";
            return ShowAsync(call, $"explain?src={src}&dst={dst}&protocol={parsed.GetValue(protocol)}{then}", cancellation);
        });
        return command;
    }

    private static Command Conntrack(GlobalOptions globals, Completions completions)
    {
        Option<string?> client = new("--client") { Description = "Only those of this client, or of clients in this range", HelpName = "IP|CIDR" };
        Option<string?> service = new("--service") { Description = "Only those of this service", HelpName = "NAME" };
        Option<string?> node = new("--node") { Description = "Only those to this node", HelpName = "NAME" };
        Option<string?> protocol = new("--protocol") { Description = "Only those of this protocol", HelpName = "tcp|udp" };
        protocol.AcceptOnlyFromAmong("tcp", "udp");
        Option<string?> state = new("--state") { Description = "Only those in this state, as established", HelpName = "STATE" };
        Option<int?> limit = new("--limit") { Description = "How many at most; 1000 when left out", HelpName = "N" };
        service.CompletionSources.Add(completions.ServiceNames);
        node.CompletionSources.Add(completions.NodeNames);
        Command command = new("conntrack", "Show connections that a replica tracks") { client, service, node, protocol, state, limit };
        globals.Handle(command, (call, parsed, cancellation) => ShowAsync(
            call,
            "connections" + QueryText.Of(
                ("client", parsed.GetValue(client)), ("service", parsed.GetValue(service)), ("node", parsed.GetValue(node)),
                ("protocol", parsed.GetValue(protocol)), ("state", parsed.GetValue(state)), ("limit", parsed.GetValue(limit)?.ToString(CultureInfo.InvariantCulture))),
            cancellation));
        return command;
    }

    private static async Task ShowAsync(ApiCall call, string path, CancellationToken cancellation)
    {
        byte[] body = await call.Api.GetAsync(path, cancellation);
        if (call.IsJson)
        {
            call.WriteJson(body);
            return;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            DocumentView.Write(document.RootElement, call.Output);
        }
        catch (JsonException e)
        {
            throw new ApiException($"the answer is not JSON: {e.Message}");
        }
    }

    private static string EndPoint(string option, string text) =>
        IPEndPoint.TryParse(text, out IPEndPoint? endPoint) && endPoint.Port > 0
            ? Uri.EscapeDataString(text)
            : throw new UsageException($"{option}: \"{text}\" is not an address and port; expected one as 203.0.113.10:443 or [2001:db8::1]:443");
}
