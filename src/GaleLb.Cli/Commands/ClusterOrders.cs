using System.CommandLine;
using System.Net;
using GaleLb.Cli.Api;

namespace GaleLb.Cli.Commands;

/// <summary><c>galectl cluster add|remove|replace|transfer</c>: orders about members.</summary>
internal static class ClusterOrders
{
    public static IEnumerable<Command> Create(GlobalOptions globals)
    {
        yield return Add(globals);
        yield return Remove(globals);
        yield return Replace(globals);
        yield return Transfer(globals);
    }

    private static Command Add(GlobalOptions globals)
    {
        Argument<string> address = new("ADDRESS") { Description = "The waiting replica's IP:PORT, as `galectl cluster` shows it" };
        OrderOptions order = new(globals.Environment);
        Command command = new("add", "Admit a waiting replica; it learns first and votes then") { address };
        order.AddTo(command);
        globals.Handle(command, (call, parsed, cancellation) =>
            AdmitAsync(order, call, parsed, ReplicaAddress(parsed.GetRequiredValue(address)), cancellation));
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

    /// <summary>
    /// Two orders, as membership changes by one member at a time. Nobody is removed before somebody is seen to wait for the place: what
    /// fails between the two leaves a cluster that lacks one member, and says how to go on.
    /// </summary>
    private static Command Replace(GlobalOptions globals)
    {
        Argument<string> id = new("ID") { Description = "The id of the member that is gone for good" };
        Argument<string?> address = new("ADDRESS")
        {
            Description = "Where the empty replica waits; the member's own address when left out",
            Arity = ArgumentArity.ZeroOrOne,
        };
        OrderOptions order = new(globals.Environment);
        Command command = new("replace", "Take a replica out that lost its data or its machine, and admit the one that waits for its place") { id, address };
        order.AddTo(command);
        globals.Handle(command, async (call, parsed, cancellation) =>
        {
            string gone = parsed.GetRequiredValue(id);
            string? given = parsed.GetValue(address) is { } text ? ReplicaAddress(text) : null;
            ClusterDocument cluster = ApiClient.Parse(await call.Api.GetAsync("cluster", cancellation), CliJson.Default.ClusterDocument);
            MemberDocument member = cluster.Members.FirstOrDefault(m => m.Id == gone)
                ?? throw new ApiException($"no member has the id {gone}; what waits is admitted by: galectl cluster add ADDRESS");
            string place = given ?? member.Address;
            if (!order.IsForced(parsed) && !cluster.Waiting.Concat(cluster.Refused).Any(s => s.Address == place && s.Id != gone))
            {
                throw new ApiException(
                    $"no other replica waits at {place}: start one there with an empty data_directory first, or --force the removal of {gone}");
            }

            int removed = await order.SendAsync(
                call, parsed, HttpMethod.Delete, $"cluster/members/{Uri.EscapeDataString(gone)}", cancellation);
            if (order.IsDryRun(parsed))
            {
                return removed;
            }

            try
            {
                return Math.Max(removed, await AdmitAsync(order, call, parsed, place, cancellation));
            }
            catch (ApiException e)
            {
                throw new ApiException($"{gone} is removed, but {place} is not admitted yet: {e.Message}\nTo go on: galectl cluster add {place}");
            }
        });
        return command;
    }

    private static Task<int> AdmitAsync(OrderOptions order, ApiCall call, ParseResult parsed, string address, CancellationToken cancellation) =>
        order.SendAsync(
            call, parsed, HttpMethod.Post, "cluster/members", new MemberRequest(address, null), CliJson.Default.MemberRequest, cancellation);

    private static string ReplicaAddress(string text) => IPEndPoint.TryParse(text, out IPEndPoint? endPoint) && endPoint.Port > 0
        ? text
        : throw new UsageException($"ADDRESS: \"{text}\" is not the address of a replica; expected one as 10.0.0.4:9090 or [fd00::4]:9090");

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
