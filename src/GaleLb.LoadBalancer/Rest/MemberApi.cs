using System.Net;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.Raft;
using GaleLb.Rpc.V1;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>
/// Orders about the replicas themselves. They change the cluster's configuration, which has no ETag, so <c>If-Match</c> is
/// refused. To admit a member again, or to remove none, changes nothing; a transfer is repeated harmlessly under an Idempotency-Key.
/// </summary>
internal sealed class MemberApi(MembershipDesk members, Receipts receipts)
{
    private static readonly TimeSpan OrderTimeout = TimeSpan.FromSeconds(5);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/cluster/members", (HttpRequest request) => AdmitAsync(request));
        routes.MapDelete("/api/v1/cluster/members/{id}", (HttpRequest request, string id) => ExpelAsync(request, id));
        routes.MapPost("/api/v1/cluster/transfer-leadership", (HttpRequest request) => TransferAsync(request));
    }

    private async Task<IResult> AdmitAsync(HttpRequest request)
    {
        (MemberRequest? body, Problem? problem) = await RequestBody.ReadAsync(request, RestJson.Default.MemberRequest);
        if (body is null)
            return problem!;
        if (!IPEndPoint.TryParse(body.Address ?? "", out IPEndPoint? address) || address.Port == 0)
            return Problem.Invalid("address", $"the waiting replica's address, as \"10.0.0.4:9090\", expected; not \"{body.Address}\"");
        return body.Role is null or "voter" or "observer"
            ? await RunAsync(request, "committed", _ => new MembersRequest
            {
                Admit = new AdmitMember { Address = address.ToString(), Observer = body.Role == "observer" },
            })
            : Problem.Invalid("role", $"voter or observer expected, not \"{body.Role}\"");
    }

    private async Task<IResult> ExpelAsync(HttpRequest request, string id) => MemberId.TryParse(id, out MemberId member)
        ? await RunAsync(request, "committed", terms => new MembersRequest
        {
            Expel = new ExpelMember { MemberId = member.Value, Force = terms.Force },
        })
        : Problem.NotFound("member", id);

    private async Task<IResult> TransferAsync(HttpRequest request)
    {
        (TransferRequest? body, Problem? problem) = request.ContentLength is 0 || !request.Headers.ContainsKey("Content-Type")
            ? (new TransferRequest(null), null)
            : await RequestBody.ReadAsync(request, RestJson.Default.TransferRequest);
        if (body is null)
            return problem!;
        MemberId to = MemberId.None;
        return body.To is null || MemberId.TryParse(body.To, out to)
            ? await RunAsync(request, "transferred", _ => new MembersRequest { HandOver = new HandOver { To = to.Value } })
            : Problem.Invalid("to", $"a member's id, or nothing for whom the leader chooses, expected; not \"{body.To}\"");
    }

    private async Task<IResult> RunAsync(HttpRequest request, string outcome, Func<OrderTerms, MembersRequest> order)
    {
        (OrderTerms? terms, Problem? problem) = OrderTerms.Read(request);
        if (terms is null)
            return problem!;
        if (terms.IfMatch is not null)
            return Problem.Invalid("If-Match", "the cluster's members have no ETag; nothing expected here");
        MembersRequest asked = order(terms);
        asked.DryRun = terms.DryRun;
        asked.Origin = terms.Origin;
        asked.IdempotencyKey = terms.IdempotencyKey ?? "";
        return await CarryOutAsync(asked, outcome, terms, request.HttpContext.RequestAborted);
    }

    private async Task<IResult> CarryOutAsync(MembersRequest order, string outcome, OrderTerms terms, CancellationToken aborted)
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        timeout.CancelAfter(OrderTimeout);
        OrderResult result = await members.SubmitAsync(order, timeout.Token);
        if (result.Answer is not { } answer)
            return Problem.NoLeader(result.Failure + (result.Unknown ? "; GET /api/v1/cluster tells." : "."));
        if (!answer.IsOk)
            return Problem.Refused(answer);
        return order.DryRun
            ? Results.Json(
                new DryRunDocument(DryRun: true, "would_commit", answer.Message, []) { AppliedIndex = answer.Index.Value }, RestJson.Answers.DryRunDocument)
            : await receipts.OfAsync(answer, outcome, terms, aborted);
    }
}
