using System.Text;

namespace GaleLb.Cli.Api;

/// <summary>
/// Follows a stream from replica to replica: where one falls silent the next goes on after the last index. When none answers
/// it says so, waits, and begins again.
/// </summary>
internal sealed class StreamFollower(ApiClient api, Func<TimeSpan, CancellationToken, Task> delay, Action<string> complain)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs until cancelled. <paramref name="after"/> 0: from the beginning of what is kept.</summary>
    /// <exception cref="ApiException">It was refused, or too much has happened since the last index.</exception>
    public async Task FollowAsync(string path, ulong after, Action<ServerEvent> show, CancellationToken cancellation)
    {
        string? last = after == 0 ? null : $"{after}";
        StringBuilder failures = new();
        for (int at = 0, tried = 0; ; at = (at + 1) % api.Addresses.Count)
        {
            string? lost = null;
            string ended = await api.StreamAsync(
                api.Addresses[at], $"{path}?watch=true{(last is null ? "" : "&from=" + last)}",
                told =>
                {
                    failures.Clear();
                    (tried, lost) = (0, null);
                    switch (told.Name)
                    {
                        case "gone":
                            throw new ApiException(Words(told));
                        case "no_leader":
                            lost = Words(told);
                            break;
                        default:
                            show(told);
                            last = told.Id ?? last;
                            break;
                    }
                },
                cancellation);
            failures.Append("\n  ").Append(api.Addresses[at].GetLeftPart(UriPartial.Authority)).Append(": ").Append(lost ?? ended);
            if (++tried < api.Addresses.Count)
            {
                continue;
            }

            complain($"no replica streams now; trying again{failures}");
            failures.Clear();
            tried = 0;
            await delay(Pause, cancellation);
        }
    }

    private static string Words(ServerEvent told) =>
        ApiClient.Words(ApiClient.Parse(Encoding.UTF8.GetBytes(told.Data), CliJson.Default.ProblemDocument), told.Name);
}
