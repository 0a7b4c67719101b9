using System.CommandLine;
using System.Net;
using System.Text.Json;
using GaleLb.Cli.Api;
using GaleLb.Cli.Output;
using GaleLb.Configuration;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl blocks</c>, <c>block CIDR</c> and <c>unblock CIDR</c>: clients whose packets are dropped.</summary>
internal static class BlockCommands
{
    public static IEnumerable<Command> Create(GlobalOptions globals)
    {
        yield return List(globals);
        yield return Block(globals);
        yield return Unblock(globals);
    }

    private static Command List(GlobalOptions globals)
    {
        Command command = new("blocks", "Show blocked clients");
        globals.Handle(command, async (call, _, cancellation) =>
        {
            byte[] body = await call.Api.GetAsync("blocks", cancellation);
            if (call.IsJson)
            {
                call.WriteJson(body);
                return;
            }

            using JsonDocument document = JsonDocument.Parse(body);
            DocumentView.Write(document.RootElement, call.Output);
        });
        return command;
    }

    private static Command Block(GlobalOptions globals)
    {
        Argument<string> network = Network();
        Option<string?> duration = new("--for") { Description = "How long; until unblocked when left out", HelpName = "DURATION" };
        Option<string?> reason = new("--reason") { Description = "Why, for those who look later", HelpName = "TEXT" };
        OrderOptions order = new(globals.Environment);
        Command command = new("block", "Drop the packets of a client or a network of clients") { network, duration, reason };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) =>
        {
            string? time = parsed.GetValue(duration);
            if (time is not null && (!DurationText.TryParse(time, out TimeSpan length) || length <= TimeSpan.Zero))
            {
                throw new UsageException($"--for: \"{time}\" is not a time to block for; expected {DurationText.Expected}");
            }

            BlockRequest request = new(Cidr(parsed.GetRequiredValue(network)), time, parsed.GetValue(reason));
            return order.SendAsync(call, parsed, HttpMethod.Post, "blocks", request, CliJson.Default.BlockRequest, cancellation);
        });
        return command;
    }

    private static Command Unblock(GlobalOptions globals)
    {
        Argument<string> network = Network();
        OrderOptions order = new(globals.Environment);
        Command command = new("unblock", "Let a blocked client through again") { network };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) => order.SendAsync(
            call, parsed, HttpMethod.Delete, $"blocks/{Uri.EscapeDataString(Cidr(parsed.GetRequiredValue(network)))}", cancellation));
        return command;
    }

    private static Argument<string> Network() => new("CIDR") { Description = "A network as 203.0.113.0/24, or one address" };

    private static string Cidr(string text) =>
        IPNetwork.TryParse(text, out IPNetwork network) ? network.ToString()
        : IPAddress.TryParse(text, out IPAddress? address) ? $"{address}/{(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128)}"
        : throw new UsageException($"CIDR: \"{text}\" is not a network; expected one as 203.0.113.0/24");
}
