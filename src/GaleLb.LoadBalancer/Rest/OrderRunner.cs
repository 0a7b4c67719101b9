using System.Text.Json.Serialization.Metadata;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.Replica;
using GaleLb.State.Commands;
using GaleLb.State.Preview;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>Carries out orders of the state machine on the terms of their request, or with <c>?dry_run=true</c> only tells what they would change.</summary>
internal sealed class OrderRunner(OrderDesk orders, IReplica replica, AnswerBasis basis, Receipts receipts)
{
    private static readonly TimeSpan OrderTimeout = TimeSpan.FromSeconds(5);

    public async Task<IResult> RunAsync(HttpRequest request, Func<OrderTerms, Ordered> order)
    {
        (OrderTerms? terms, Problem? problem) = OrderTerms.Read(request);
        if (terms is null)
            return problem!;
        Ordered ordered = order(terms);
        if (ordered.Command is not { } command)
            return ordered.Problem!;
        CommandEnvelope envelope = new(command) { Origin = terms.Origin, IdempotencyKey = terms.IdempotencyKey, IfMatch = terms.IfMatch };
        CancellationToken aborted = request.HttpContext.RequestAborted;
        return terms.DryRun ? await PreviewAsync(envelope, aborted) : await SubmitAsync(envelope, terms, aborted);
    }

    public async Task<IResult> RunAsync<T>(HttpRequest request, JsonTypeInfo<T> type, Func<T, OrderTerms, Ordered> order)
        where T : class
    {
        (T? body, Problem? problem) = await RequestBody.ReadAsync(request, type);
        return body is null ? problem! : await RunAsync(request, terms => order(body, terms));
    }

    private async Task<IResult> SubmitAsync(CommandEnvelope envelope, OrderTerms terms, CancellationToken aborted)
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        timeout.CancelAfter(OrderTimeout);
        OrderResult result = await orders.SubmitAsync(envelope, timeout.Token);
        if (result.Answer is not { } answer)
            return Problem.NoLeader(result.Failure + (result.Unknown ? ". Repeat it under the same Idempotency-Key to be sure." : "."));
        return answer.IsOk ? await receipts.OfAsync(answer, "committed", terms, aborted) : Problem.Refused(answer);
    }

    /// <summary>Judged on this replica's state, once that holds all that was committed when the request came.</summary>
    private async Task<IResult> PreviewAsync(CommandEnvelope envelope, CancellationToken aborted)
    {
        if (!await ReadBarrier.PassAsync(replica, aborted))
            return Problem.NoLeader("No leader could confirm that this replica is up to date, so it cannot tell what the order would change.");
        State.ClusterState state = basis.State;
        OrderPreview preview = OrderPreview.Of(state, envelope);
        return preview.Answer.IsOk
            ? Results.Json(
                basis.Of(state, new DryRunDocument(DryRun: true, "would_commit", Text(preview.Answer), [.. preview.Impacts.Select(Describe)])),
                RestJson.Answers.DryRunDocument)
            : Problem.Refused(preview.Answer);
    }

    internal static ImpactDocument Describe(ServiceImpact impact) => new(
        impact.Service, impact.Slots, impact.Moved, Math.Round((double)impact.Moved / impact.Slots, 6),
        [.. impact.Moves.Select(m => new SlotMoveDocument(m.From, m.To, m.Slots))], impact.ToString());

    private static string? Text(CommandAnswer answer) => answer.Message.Length > 0 ? answer.Message : null;
}
