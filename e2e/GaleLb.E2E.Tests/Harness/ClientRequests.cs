using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>One request of the client: when it was begun, through which replica, and who answered or why nobody did.</summary>
public sealed record Answer(DateTime At, int Replica, string? Node, string? Failure);

/// <summary>What the client does: requests on a new connection each, to the public address of a replica.</summary>
public static class ClientRequests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Task<Answer> OnceAsync(int replica) => OnceAsync(replica, EndPoint(replica));

    /// <param name="replica">Through which <paramref name="to"/> is reached.</param>
    /// <param name="firstSequence">The SYN's sequence number, where it is not to be the kernel's choice.</param>
    public static async Task<Answer> OnceAsync(int replica, IPEndPoint to, int? firstSequence = null)
    {
        var at = DateTime.UtcNow;
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            using var socket = await Topology.Client.ConnectAsync(to, deadline.Token, firstSequence);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync("GET / HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n"u8.ToArray(), deadline.Token);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            var parts = (await reader.ReadToEndAsync(deadline.Token)).Split("\r\n\r\n", 2);
            return parts.Length == 2 && parts[0].StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)
                ? new(at, replica, parts[1].Trim(), null)
                : new(at, replica, null, $"not the answer of a node: {parts[0]}");
        }
        catch (OperationCanceledException)
        {
            return new(at, replica, null, $"no answer within {Patience.TotalSeconds} s");
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            return new(at, replica, null, error.Message);
        }
    }

    public static Task<ImmutableArray<Answer>> ManyAsync(int replica, int count) => ManyAsync(replica, EndPoint(replica), count);

    public static async Task<ImmutableArray<Answer>> ManyAsync(int replica, IPEndPoint to, int count, int? firstSequence = null)
    {
        var answers = ImmutableArray.CreateBuilder<Answer>(count);
        foreach (var batch in Enumerable.Range(0, count).Chunk(16))
        {
            answers.AddRange(await Task.WhenAll(batch.Select(_ => OnceAsync(replica, to, firstSequence))));
        }

        return answers.ToImmutable();
    }

    /// <summary>Opens a flow on which the node sends a line each 100 ms, <paramref name="lines"/> in all.</summary>
    public static Task<StreamReader> OpenDripAsync(int replica, int lines) => OpenDripAsync(EndPoint(replica), lines);

    public static async Task<StreamReader> OpenDripAsync(IPEndPoint to, int lines)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var stream = new NetworkStream(await Topology.Client.ConnectAsync(to, deadline.Token), ownsSocket: true) { ReadTimeout = 20000 };
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /drip/{lines} HTTP/1.1\r\nHost: service\r\n\r\n"), deadline.Token);
        return new StreamReader(stream, Encoding.ASCII);
    }

    /// <summary>Takes or gives a body of many packets.</summary>
    /// <param name="request">As "GET /bytes/1000".</param>
    /// <returns>The body of the answer.</returns>
    /// <exception cref="TimeoutException">It was not whole within 20 s.</exception>
    public static async Task<string> TransferAsync(NetworkNamespace from, IPEndPoint to, string request, int bodyBytes = 0)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            using var socket = await from.ConnectAsync(to, deadline.Token);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{request} HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n"), deadline.Token);
            await stream.WriteAsync(new byte[bodyBytes], deadline.Token);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            var parts = (await reader.ReadToEndAsync(deadline.Token)).Split("\r\n\r\n", 2);
            return parts.Length == 2 && parts[0].StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)
                ? parts[1]
                : throw new InvalidOperationException($"{request} to {to}: not the answer of a node: {parts[0]}");
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"{request} to {to} was not done within 20 s", late);
        }
    }

    public static IPEndPoint EndPoint(int replica) => new(Topology.PublicAddress(replica), Topology.ClientsPort);
}

/// <summary>Requests that go on in the background, in turn through the given replicas, about 200 a second.</summary>
public sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Answer> _answers = new();
    private readonly Task _running;

    private Load(int[] replicas) => _running = Task.Run(() => RunAsync(replicas));

    public static Load Through(params int[] replicas) => new(replicas);

    /// <summary>Ends the load and returns all answers in the order in which their requests were begun.</summary>
    public async Task<ImmutableArray<Answer>> StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
        return [.. _answers.OrderBy(answer => answer.At)];
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(int[] replicas)
    {
        var watch = Stopwatch.StartNew();
        var running = new List<Task>();
        for (var number = 0; !_stop.IsCancellationRequested; number++)
        {
            var replica = replicas[number % replicas.Length];
            running.Add(Task.Run(async () => _answers.Enqueue(await ClientRequests.OnceAsync(replica))));
            running.RemoveAll(task => task.IsCompletedSuccessfully);
            var ahead = TimeSpan.FromMilliseconds(5 * number) - watch.Elapsed;
            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead);
            }
        }

        await Task.WhenAll(running);
    }
}
