using System.Collections.Immutable;
using System.Globalization;
using GaleLb.Configuration;
using GaleLb.Configuration.Options;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.Replica;
using GaleLb.State;
using GaleLb.State.Commands;
using GaleLb.State.Settings;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>
/// The settings that the replicas share: what the log says, whose files say so too, and the change that rolls through them. A file
/// is staged, the replicas are given it one by one, and when all voters have it the leader makes it the cluster's.
/// </summary>
internal sealed class ConfigApi(
    IReplica replica, AnswerBasis basis, SettingsWatch settings, OrderRunner orders)
{
    /// <summary>What the staged file is called in messages.</summary>
    private const string StagedName = "body";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/config", (HttpRequest request) => Consistency.ReadAsync(replica, request, () => Show(request.HttpContext)));
        routes.MapPut("/api/v1/config/staged", (HttpRequest request) => StageAsync(request));
        routes.MapDelete("/api/v1/config/staged", (HttpRequest request) => orders.RunAsync(request, _ => new UnstageSettings()));
    }

    private IResult Show(HttpContext context)
    {
        ClusterState state = basis.State;
        context.Response.Headers.ETag = $"\"{state.SettingsLastChange.Value.ToString(CultureInfo.InvariantCulture)}\"";
        string baseline = SettingsDigest.Of(state.Baseline);
        string staged = state.Staged is null ? "" : SettingsDigest.Of(state.Staged.Settings);
        return Results.Json(
            basis.Of(state, new ConfigDocument(
                state.SettingsLastChange.Value, baseline,
                SettingsDigest.List(state.Baseline).ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal),
                state.Staged is null ? null : Describe(state.Staged, staged, state.Baseline),
                [.. settings.Groups.Select(g => new ConfigurationGroupDocument(g.Digest, Kind(g.Digest, baseline, staged), g.Replicas))],
                settings.Refusal)),
            RestJson.Answers.ConfigDocument);
    }

    private static StagedDocument Describe(StagedSettings staged, string digest, ClusterSettings baseline) => new(
        staged.Index.Value, digest,
        [
            .. SettingsDigest.Compare(SettingsDigest.List(baseline), SettingsDigest.List(staged.Settings))
                .Select(d => new StagedDifferenceDocument(d.Key, d.Ours, d.Theirs)),
        ]);

    private static string Kind(string digest, string baseline, string staged) =>
        digest == baseline ? "baseline" : digest == staged ? "staged" : "other";

    private async Task<IResult> StageAsync(HttpRequest request)
    {
        (byte[]? body, Problem? problem) = await RequestBody.ReadBytesAsync(request);
        if (body is null)
            return problem!;
        ConfigurationResult<LoadBalancerOptions> file = ConfigurationFile.ReadLoadBalancer(StagedName, body);
        return file.Options is { } options
            ? await orders.RunAsync(request, _ => new StageSettings(new FileSettings(options).Cluster))
            : new Problem(
                StatusCodes.Status422UnprocessableEntity, "Invalid configuration", string.Join("\n", file.Errors.Select(e => e.ToString())),
                file.Errors[0].Key.Length > 0 ? file.Errors[0].Key : null);
    }
}
