using GaleLb.LoadBalancer.Cluster;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>Answers orders that were carried out; with <c>?wait=applied</c> only once the kernels have them, or the time is over.</summary>
internal sealed class Receipts(AppliedWait applied)
{
    public async Task<IResult> OfAsync(CommandAnswer answer, string outcome, OrderTerms terms, CancellationToken aborted)
    {
        AppliedReport? report = terms.Wait is { } limit ? await applied.WaitAsync(answer.Index, limit, aborted) : null;
        return Results.Json(
            new OrderDocument(
                answer.Index.Value, outcome, answer.Message.Length > 0 ? answer.Message : null, report?.AppliedOn, report?.Missing, report?.Unreachable),
            RestJson.Answers.OrderDocument);
    }
}
