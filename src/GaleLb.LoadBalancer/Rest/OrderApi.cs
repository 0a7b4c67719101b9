using GaleLb.Configuration;
using GaleLb.State.Blocks;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>
/// Orders: answered with the log index once committed. Each goes to whatever replica it reached, which hands it to the
/// leader. <c>If-Match</c> makes compare-and-set, <c>Idempotency-Key</c> makes a repetition harmless, <c>?force=true</c>
/// waives guards, <c>?dry_run=true</c> tells what would change and changes nothing,
/// <c>?wait=applied</c> answers once the kernels of all replicas that can be reached have it.
/// </summary>
internal sealed class OrderApi(OrderRunner orders, ServiceOrders services, MemberApi members, ConfigApi config)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        MapNodes(routes);
        MapServices(routes);
        MapBlocks(routes);
        members.Map(routes);
        config.Map(routes);
    }

    private void MapNodes(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/nodes/{id}/drain", (HttpRequest request, string id) =>
            orders.RunAsync(request, terms => new DrainNode(id, terms.Force)));
        routes.MapPost("/api/v1/nodes/{id}/undrain", (HttpRequest request, string id) => orders.RunAsync(request, _ => new UndrainNode(id)));
        routes.MapPut("/api/v1/nodes/{id}/weight", (HttpRequest request, string id) =>
            orders.RunAsync(request, RestJson.Default.WeightRequest, (body, terms) => Weigh(id, body, terms)));
        routes.MapDelete("/api/v1/nodes/{id}", (HttpRequest request, string id) =>
            orders.RunAsync(request, terms => new RemoveNode(id, terms.Force)));
        routes.MapPost("/api/v1/blacklist", (HttpRequest request) => orders.RunAsync(request, RestJson.Default.BanRequest, Ban));
        routes.MapDelete("/api/v1/blacklist/{id}", (HttpRequest request, string id) => orders.RunAsync(request, _ => new UnbanNode(id)));
    }

    private void MapServices(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/services", (HttpRequest request) => orders.RunAsync(
            request, RestJson.Default.ServiceRequest, (body, _) => AddService(body)));
        routes.MapPut("/api/v1/services/{name}", (HttpRequest request, string name) => orders.RunAsync(
            request, RestJson.Default.ServiceRequest, (body, _) => services.Define(name, body) switch
            {
                ({ } service, _) => new ReplaceService(service),
                (_, var problem) => problem!,
            }));
        routes.MapDelete("/api/v1/services/{name}", (HttpRequest request, string name) => orders.RunAsync(request, _ => new RemoveService(name)));
    }

    /// <summary>A range holds a slash, in a path as it is or as %2F.</summary>
    private void MapBlocks(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/blocks", (HttpRequest request) => orders.RunAsync(
            request, RestJson.Default.BlockRequest, (body, _) => Block(body)));
        routes.MapDelete("/api/v1/blocks/{**cidr}", (HttpRequest request, string cidr) => orders.RunAsync(
            request, _ => BlockOrders.Read(Uri.UnescapeDataString(cidr)) switch
            {
                ({ } prefix, _) => new UnblockClients(prefix),
                (_, var problem) => problem!,
            }));
    }

    private static Ordered Block(BlockRequest body)
    {
        (ClientPrefix? prefix, Problem? problem) = BlockOrders.Read(body.Cidr);
        if (prefix is null)
            return problem!;
        return ReadDuration(body.Duration, out long? durationMs) is { } wrong ? wrong : new BlockClients(prefix, durationMs, body.Reason ?? "");
    }

    private static Ordered Weigh(string id, WeightRequest body, OrderTerms terms) => body.Weight is null or (>= 0 and <= 1000)
        ? new SetNodeWeight(id, (ushort?)body.Weight, terms.Force)
        : Problem.Invalid("weight", $"0 to 1000, or null for what the node says, expected; not {body.Weight}");

    private static Ordered Ban(BanRequest body, OrderTerms terms)
    {
        if (string.IsNullOrEmpty(body.Node))
            return Problem.Invalid("node", "the name of a node expected");
        return ReadDuration(body.Duration, out long? durationMs) is { } wrong
            ? wrong : new BanNode(body.Node, durationMs, body.Reason ?? "", terms.Force);
    }

    private Ordered AddService(ServiceRequest body) => string.IsNullOrEmpty(body.Name)
        ? Problem.Invalid("name", "the new service's name expected")
        : services.Define(body.Name, body) switch
        {
            ({ } service, _) => new AddService(service),
            (_, var problem) => problem!,
        };

    private static Problem? ReadDuration(string? text, out long? milliseconds)
    {
        milliseconds = null;
        if (text is null)
            return null;
        if (!DurationText.TryParse(text, out TimeSpan duration) || duration <= TimeSpan.Zero)
            return Problem.Invalid("duration", $"a duration such as \"5m\" or \"1m30s\" expected, not \"{text}\"");
        milliseconds = (long)duration.TotalMilliseconds;
        return null;
    }
}
