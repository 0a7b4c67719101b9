using System.CommandLine;
using System.Text.Json;
using GaleLb.Cli.Api;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl services add|set|remove</c>: what is balanced, changed at run time.</summary>
internal sealed class ServiceOrders
{
    private readonly Option<string[]> _addresses = new("--address")
    {
        Description = "Where clients connect; several are possible; each replica's own when left out",
        HelpName = "IP",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<ushort?> _port = new("--port") { Description = "Where clients connect", HelpName = "PORT" };
    private readonly Option<ushort?> _targetPort = new("--target-port") { Description = "Where nodes serve; the same port when left out", HelpName = "PORT" };
    private readonly Option<string?> _protocol = new("--protocol") { Description = "tcp unless told otherwise", HelpName = "tcp|udp" };
    private readonly Option<string?> _forwarding = new("--forwarding") { Description = "l4 unless told otherwise", HelpName = "l4|l3|l2" };
    private readonly Option<string?> _hash = new("--hash") { Description = "five_tuple unless told otherwise", HelpName = "five_tuple|source" };

    private ServiceOrders()
    {
        _protocol.AcceptOnlyFromAmong("tcp", "udp");
        _forwarding.AcceptOnlyFromAmong("l4", "l3", "l2");
        _hash.AcceptOnlyFromAmong("five_tuple", "source");
    }

    public static IEnumerable<Command> Create(GlobalOptions globals, Completions completions)
    {
        yield return new ServiceOrders().Add(globals);
        yield return new ServiceOrders().Set(globals, completions);
        yield return Remove(globals, completions);
    }

    private Command Add(GlobalOptions globals)
    {
        Argument<string> name = new("NAME") { Description = "The new service's name" };
        _port.Required = true;
        OrderOptions order = new(globals.Environment);
        Command command = Described("add", "Balance another port", name);
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) => order.SendAsync(
            call, parsed, HttpMethod.Post, "services", Request(parsed, parsed.GetRequiredValue(name), null), CliJson.Default.ServiceRequest, cancellation));
        return command;
    }

    private Command Set(GlobalOptions globals, Completions completions)
    {
        Argument<string> name = completions.Service();
        OrderOptions order = new(globals.Environment);
        Command command = Described("set", "Change a service; what is left out stays as it is", name);
        order.AddTo(command);
        globals.Handle(command, async (call, parsed, cancellation) =>
        {
            string service = parsed.GetRequiredValue(name);
            ServicesDocument all = ApiClient.Parse(await call.Api.GetAsync("services", cancellation), CliJson.Default.ServicesDocument);
            ServiceDocument present = all.Services.FirstOrDefault(s => s.Name == service)
                ?? throw new ApiException($"there is no service \"{service}\"; there are {string.Join(", ", all.Services.Select(s => s.Name))}");

            // The change is made to what was read: if somebody else was faster it is refused instead of undoing theirs.
            ApiRequest request = new(HttpMethod.Put, $"services/{Uri.EscapeDataString(service)}")
            {
                Body = JsonSerializer.SerializeToUtf8Bytes(Request(parsed, service, present), CliJson.Default.ServiceRequest),
                IfMatch = $"{present.Index}",
            };
            return await order.SendAsync(call, parsed, request, cancellation);
        });
        return command;
    }

    private static Command Remove(GlobalOptions globals, Completions completions)
    {
        Argument<string> name = completions.Service();
        OrderOptions order = new(globals.Environment);
        Command command = new("remove", "Stop balancing a service") { name };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) => order.SendAsync(
            call, parsed, HttpMethod.Delete, $"services/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}", cancellation));
        return command;
    }

    private Command Described(string verb, string description, Argument<string> name) =>
        new(verb, description) { name, _port, _addresses, _protocol, _forwarding, _hash, _targetPort };

    private ServiceRequest Request(ParseResult parsed, string name, ServiceDocument? present)
    {
        string[] addresses = parsed.GetValue(_addresses) ?? [];
        foreach (string address in addresses)
        {
            if (!System.Net.IPAddress.TryParse(address, out _))
            {
                throw new UsageException($"--address: \"{address}\" is not an IP address; expected one as 203.0.113.10");
            }
        }

        return new ServiceRequest(
            name,
            addresses.Length > 0 ? addresses : present?.Addresses,
            parsed.GetValue(_port) ?? present?.Port,
            parsed.GetValue(_protocol) ?? present?.Protocol,
            parsed.GetValue(_forwarding) ?? present?.Forwarding,
            parsed.GetValue(_hash) ?? present?.Hash,
            parsed.GetValue(_targetPort) ?? present?.TargetPort);
    }
}
