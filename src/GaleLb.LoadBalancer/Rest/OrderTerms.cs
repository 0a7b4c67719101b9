using System.Globalization;
using GaleLb.Configuration;
using GaleLb.LoadBalancer.Hosting;
using GaleLb.Raft;
using GaleLb.State.Commands;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>How an order is to be carried out, as its query and headers say.</summary>
/// <param name="Force">Waives guards.</param>
/// <param name="DryRun">Only tell what would change.</param>
/// <param name="Wait">How long to wait for every reachable replica's kernel; null for not at all.</param>
/// <param name="Origin">Who asks, for the event history.</param>
internal sealed record OrderTerms(LogIndex? IfMatch, string? IdempotencyKey, bool Force, bool DryRun, TimeSpan? Wait, string Origin)
{
    /// <summary>What the query of an order may name.</summary>
    internal static readonly string[] Known = ["force", "dry_run", "wait", "timeout"];
    private static readonly TimeSpan WaitDefault = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WaitMax = TimeSpan.FromHours(1);

    public static (OrderTerms? Terms, Problem? Problem) Read(HttpRequest request)
    {
        // A misspelt dry_run must not become the order itself.
        foreach (string name in request.Query.Keys)
            if (!Known.Contains(name, StringComparer.Ordinal))
                return (null, Problem.Invalid(name, $"an order's query has {string.Join(", ", Known)}; not {name}"));
        if (Flag(request, "force", out bool force) is { } badForce)
            return (null, badForce);
        if (Flag(request, "dry_run", out bool dryRun) is { } badDryRun)
            return (null, badDryRun);
        if (ReadWait(request, out TimeSpan? wait) is { } badWait)
            return (null, badWait);
        if (ReadIfMatch(request, out LogIndex? ifMatch) is { } badIndex)
            return (null, badIndex);
        string? key = request.Headers["Idempotency-Key"].FirstOrDefault();
        if (key is { Length: 0 or > CommandEnvelope.IdempotencyKeyMax })
            return (null, Problem.Invalid("Idempotency-Key", $"1 to {CommandEnvelope.IdempotencyKeyMax} characters expected"));
        string origin = $"rest {CallerAddress.Normalize(request.HttpContext.Connection.RemoteIpAddress)}";
        return (new OrderTerms(ifMatch, key, force, dryRun, wait, origin), null);
    }

    private static Problem? Flag(HttpRequest request, string name, out bool value)
    {
        string? text = request.Query[name];
        value = text == "true";
        return text is null or "true" or "false" ? null : Problem.Invalid(name, $"true or false expected, not \"{text}\"");
    }

    private static Problem? ReadWait(HttpRequest request, out TimeSpan? wait)
    {
        wait = null;
        string? what = request.Query["wait"];
        string? time = request.Query["timeout"];
        if (what is not (null or "applied"))
            return Problem.Invalid("wait", $"applied expected, not \"{what}\"");
        if (what is null)
            return time is null ? null : Problem.Invalid("timeout", "a timeout goes with wait=applied");
        TimeSpan limit = WaitDefault;
        if (time is not null && (!DurationText.TryParse(time, out limit) || limit <= TimeSpan.Zero || limit > WaitMax))
            return Problem.Invalid("timeout", $"a duration such as \"5s\", at most 1h, expected; not \"{time}\"");
        wait = limit;
        return null;
    }

    private static Problem? ReadIfMatch(HttpRequest request, out LogIndex? index)
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
}
