using System.CommandLine;
using GaleLb.Cli.Api;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl cluster add|remove|transfer</c>: orders about members.</summary>
internal static class ClusterOrders
{
    public static IEnumerable<Command> Create(GlobalOptions globals)
    {
        yield return Add(globals);
        yield return Remove(globals);
        yield return Transfer(globals);
    }

    private static Command Add(GlobalOptions globals)
    {
        Argument<string> address = new("ADDRESS") { Description = "The waiting replica's IP:PORT, as `galectl cluster` shows it" };
        OrderOptions order = new(globals.Environment);
        Command command = new("add", "Admit a waiting replica; it learns first and votes then") { address };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) =>
        {
            string text = parsed.GetRequiredValue(address);
            return System.Net.IPEndPoint.TryParse(text, out System.Net.IPEndPoint? endPoint) && endPoint.Port > 0
                ? order.SendAsync(
                    call, parsed, HttpMethod.Post, "cluster/members", new MemberRequest(text, null), CliJson.Default.MemberRequest, cancellation)
                : throw new UsageException($"ADDRESS: \"{text}\" is not the address of a replica; expected one as 10.0.0.4:9090 or [fd00::4]:9090");
        });
        return command;
    }

    private static Command Remove(GlobalOptions globals)
    {
        Argument<string> id = new("ID") { Description = "The member's id" };
        OrderOptions order = new(globals.Environment);
        Command command = new("remove", "Take a replica out of the cluster") { id };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) => order.SendAsync(
            call, parsed, HttpMethod.Delete, $"cluster/members/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}", cancellation));
        return command;
    }

    private static Command Transfer(GlobalOptions globals)
    {
        Argument<string?> id = new("ID") { Description = "The member to lead; the leader chooses when left out", Arity = ArgumentArity.ZeroOrOne };
        OrderOptions order = new(globals.Environment);
        Command command = new("transfer", "Hand leadership to another replica") { id };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) => order.SendAsync(
            call, parsed, HttpMethod.Post, "cluster/transfer-leadership", new TransferRequest(parsed.GetValue(id)),
            CliJson.Default.TransferRequest, cancellation));
        return command;
    }
}
