using System.Text;
using GaleLb.LoadBalancer.Rest;

namespace GaleLb.LoadBalancer.Watching;

/// <summary>
/// Sends a feed's messages as they come due, until the reader leaves, falls behind, or the replica stops. Each stream goes at the
/// pace of its reader: nothing waits for it.
/// </summary>
/// <param name="over">Asked before each wait: a problem ends the stream with its words.</param>
internal sealed class WatchStream(WatchHub hub, IWatchFeed feed, Func<Problem?> over, TimeProvider time, ILogger log) : IResult
{
    private static readonly byte[] Hello = Encoding.UTF8.GetBytes("retry: 1000\n\n");
    private static readonly byte[] Comment = Encoding.UTF8.GetBytes(": still here\n\n");

    private long _sentAt;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using IWatchFeed ending = feed;
        if (!hub.TryEnter())
        {
            await Problem.TooManyWatchers(hub.Options.WatchersMax).ExecuteAsync(httpContext);
            return;
        }

        CancellationToken left = httpContext.RequestAborted;
        try
        {
            await SendAllAsync(httpContext.Response, left);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException && left.IsCancellationRequested)
        {
            // The reader went, or the replica stops, which breaks its connections.
        }
        catch (TimeoutException)
        {
            hub.CountDropped();
            log.LogInformation(
                "A watcher of {Path} at {Caller} took nothing for {Patience}: dropped", httpContext.Request.Path,
                httpContext.Connection.RemoteIpAddress, hub.Options.Patience);
            httpContext.Abort();
        }
        finally
        {
            hub.Leave();
        }
    }

    private async Task SendAllAsync(HttpResponse response, CancellationToken left)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        await SendAsync(response, Hello, left);
        while (true)
        {
            Task changed = hub.Changed;
            foreach (WatchMessage message in feed.Next())
            {
                await SendAsync(response, message.Encode(), left);
                if (message.EndsStream)
                    return;
            }

            if (over() is { } problem)
            {
                await SendAsync(
                    response, WatchMessage.Of("no_leader", id: null, problem.Document, RestJson.Answers.ProblemDocument).Encode(), left);
                return;
            }

            if (time.GetElapsedTime(_sentAt) >= hub.Options.Heartbeat)
                await SendAsync(response, Comment, left);
            await Task.Delay(feed.Pace ?? hub.Options.Gap, time, left);
            if (feed.Pace is null)
                await changed.WaitAsync(hub.Options.Look, time, left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            left.ThrowIfCancellationRequested();
        }
    }

    private async Task SendAsync(HttpResponse response, byte[] bytes, CancellationToken left)
    {
        using CancellationTokenSource patience = new(hub.Options.Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(left, patience.Token);
        try
        {
            await response.Body.WriteAsync(bytes, either.Token);
            await response.Body.FlushAsync(either.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException && patience.IsCancellationRequested)
        {
            // The server breaks the connection of a write that is given up, so by now the reader may seem to have left by itself.
            throw new TimeoutException($"Nothing was taken for {hub.Options.Patience}.", error);
        }

        _sentAt = time.GetTimestamp();
    }
}
