using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using GaleLb.Configuration;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Raft;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>
/// Orders: answered with the log index once committed. Each goes to whatever replica it reached, which hands it to the
/// leader. <c>If-Match</c> makes compare-and-set, <c>Idempotency-Key</c> makes a repetition harmless, <c>?force=true</c>
/// waives guards.
/// </summary>
internal sealed class OrderApi(OrderDesk orders)
{
    private static readonly TimeSpan OrderTimeout = TimeSpan.FromSeconds(5);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/nodes/{id}/drain", (HttpRequest request, string id) => OrderAsync(request, new DrainNode(id, Forced(request))));
        routes.MapPost("/api/v1/nodes/{id}/undrain", (HttpRequest request, string id) => OrderAsync(request, new UndrainNode(id)));
        routes.MapPut("/api/v1/nodes/{id}/weight", (HttpRequest request, string id) => WithBodyAsync(
            request, RestJson.Default.WeightRequest, body => body.Weight is null or (>= 0 and <= 1000)
                ? (new SetNodeWeight(id, (ushort?)body.Weight, Forced(request)), null)
                : (null, Problem.Invalid("weight", $"0 to 1000, or null for what the node says, expected; not {body.Weight}"))));
        routes.MapDelete("/api/v1/nodes/{id}", (HttpRequest request, string id) => OrderAsync(request, new RemoveNode(id, Forced(request))));
        routes.MapPost("/api/v1/blacklist", (HttpRequest request) => WithBodyAsync(
            request, RestJson.Default.BanRequest, body => Ban(body, Forced(request))));
        routes.MapDelete("/api/v1/blacklist/{id}", (HttpRequest request, string id) => OrderAsync(request, new UnbanNode(id)));
    }

    private static (Command? Command, Problem? Problem) Ban(BanRequest body, bool force)
    {
        if (string.IsNullOrEmpty(body.Node))
            return (null, Problem.Invalid("node", "the name of a node expected"));
        long? durationMs = null;
        if (body.Duration is { } text)
        {
            if (!DurationText.TryParse(text, out TimeSpan duration) || duration <= TimeSpan.Zero)
                return (null, Problem.Invalid("duration", $"a duration such as \"5m\" or \"1m30s\" expected, not \"{text}\""));
            durationMs = (long)duration.TotalMilliseconds;
        }
        return (new BanNode(body.Node, durationMs, body.Reason ?? "", force), null);
    }

    private async Task<IResult> WithBodyAsync<T>(HttpRequest request, JsonTypeInfo<T> type, Func<T, (Command? Command, Problem? Problem)> judge)
        where T : class
    {
        (T? body, Problem? problem) = await RequestBody.ReadAsync(request, type);
        if (body is null)
            return problem!;
        (Command? command, problem) = judge(body);
        return command is null ? problem! : await OrderAsync(request, command);
    }

    private async Task<IResult> OrderAsync(HttpRequest request, Command command)
    {
        if (IfMatch(request, out LogIndex? ifMatch) is { } malformed)
            return malformed;
        string? key = request.Headers["Idempotency-Key"].FirstOrDefault();
        if (key is { Length: 0 or > CommandEnvelope.IdempotencyKeyMax })
            return Problem.Invalid("Idempotency-Key", $"1 to {CommandEnvelope.IdempotencyKeyMax} characters expected");
        CommandEnvelope envelope = new(command)
        {
            Origin = $"rest {CallerAddress.Normalize(request.HttpContext.Connection.RemoteIpAddress)}",
            IdempotencyKey = key,
            IfMatch = ifMatch,
        };
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(request.HttpContext.RequestAborted);
        timeout.CancelAfter(OrderTimeout);
        OrderResult result = await orders.SubmitAsync(envelope, timeout.Token);
        if (result.Answer is not { } answer)
            return Problem.NoLeader(result.Failure + (result.Unknown ? ". Repeat it under the same Idempotency-Key to be sure." : "."));
        return answer.Outcome == CommandOutcome.Ok
            ? Results.Json(
                new OrderDocument(answer.Index.Value, "committed", answer.Message.Length > 0 ? answer.Message : null),
                RestJson.Answers.OrderDocument)
            : Refused(answer);
    }

    private static Problem Refused(CommandAnswer answer)
    {
        (int status, string title) = answer.Outcome switch
        {
            CommandOutcome.NotFound => (StatusCodes.Status404NotFound, "Not found"),
            CommandOutcome.Conflict => (StatusCodes.Status409Conflict, "Refused"),
            CommandOutcome.PreconditionFailed => (StatusCodes.Status412PreconditionFailed, "Changed meanwhile"),
            _ => (StatusCodes.Status422UnprocessableEntity, "Invalid value"),
        };
        return new Problem(status, title, answer.Message, answer.Field.Length > 0 ? answer.Field : null);
    }

    private static Problem? IfMatch(HttpRequest request, out LogIndex? index)
    {
        index = null;
        string header = request.Headers.IfMatch.ToString();
        if (header.Length == 0)
            return null;
        if (!ulong.TryParse(header.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value))
            return Problem.Invalid("If-Match", $"an ETag of this API, as \"42\", expected; not {header}");
        index = new LogIndex(value);
        return null;
    }

    private static bool Forced(HttpRequest request) => request.Query["force"] == "true";
}
