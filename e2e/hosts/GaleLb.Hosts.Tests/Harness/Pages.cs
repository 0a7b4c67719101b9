using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GaleLb.Hosts.Tests.Harness;

/// <summary>One request: when it was begun, through which replica, and which node answered or why none did.</summary>
public sealed record Page(DateTime At, IPEndPoint Through, string? Node, string? Failure);

/// <summary>The user's side: pages, each by a connection of its own.</summary>
public static class Pages
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    public static async Task<Page> GetAsync(IPEndPoint through)
    {
        var at = DateTime.UtcNow;
        using CancellationTokenSource deadline = new(Patience);
        try
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(through, deadline.Token);
            await using NetworkStream stream = new(socket);
            await stream.WriteAsync("GET / HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n"u8.ToArray(), deadline.Token);
            using StreamReader reader = new(stream, Encoding.ASCII);
            var parts = (await reader.ReadToEndAsync(deadline.Token)).Split("\r\n\r\n", 2);
            return parts.Length == 2 && parts[0].StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)
                ? new(at, through, parts[1].Trim(), null)
                : new(at, through, null, $"not a page: {parts[0]}");
        }
        catch (OperationCanceledException)
        {
            return new(at, through, null, $"no answer within {Patience.TotalSeconds} s");
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return new(at, through, null, error.Message);
        }
    }

    public static async Task<ImmutableArray<Page>> ManyAsync(IPEndPoint through, int count)
    {
        var pages = ImmutableArray.CreateBuilder<Page>(count);
        foreach (var batch in Enumerable.Range(0, count).Chunk(8))
        {
            pages.AddRange(await Task.WhenAll(batch.Select(_ => GetAsync(through))));
        }

        return pages.ToImmutable();
    }

    /// <summary>Asks for pages through all of <paramref name="services"/> in turn, 100 a second, for as long as <paramref name="run"/> takes.</summary>
    public static async Task<ImmutableArray<Page>> WhileAsync(IReadOnlyList<IPEndPoint> services, Func<Task> run)
    {
        ConcurrentQueue<Page> pages = new();
        using CancellationTokenSource stop = new();
        var load = Task.Run(async () =>
        {
            List<Task> running = [];
            var watch = Stopwatch.StartNew();
            for (var number = 0; !stop.IsCancellationRequested; number++)
            {
                var through = services[number % services.Count];
                running.Add(Task.Run(async () => pages.Enqueue(await GetAsync(through))));
                running.RemoveAll(task => task.IsCompletedSuccessfully);
                var ahead = TimeSpan.FromMilliseconds(10 * number) - watch.Elapsed;
                if (ahead > TimeSpan.Zero)
                {
                    await Task.Delay(ahead);
                }
            }

            await Task.WhenAll(running);
        });
        try
        {
            await run();
        }
        finally
        {
            await stop.CancelAsync();
            await load;
        }

        return [.. pages.OrderBy(page => page.At)];
    }
}
