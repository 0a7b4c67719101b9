using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>One connection of many: the node that first answered on it, and what went wrong since, or null.</summary>
public sealed record HeldConnection(int Replica, string Node, string? Failure);

/// <summary>
/// Connections of the client that stay open, on which it asks again and again, one request after the other, until it is told to stop. An answer by
/// another node than the first is a failure of its own: such a packet was misrouted.
/// </summary>
public sealed class HeldConnections : IAsyncDisposable
{
    public const string Misrouted = "answered by ";
    private const int OpenedAtOnce = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly byte[] Request = Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: service\r\n\r\n");
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task<HeldConnection>> _running = [];
    private long _answers;

    /// <summary>Requests answered so far, on all connections.</summary>
    public long Answers => Interlocked.Read(ref _answers);

    /// <summary>Opens connections through replicas in turn; returns when each has had its first answer.</summary>
    public async Task OpenAsync(int count, params IReadOnlyList<int> replicas)
    {
        foreach (var batch in Enumerable.Range(0, count).Chunk(OpenedAtOnce))
        {
            await Task.WhenAll(batch.Select(n => OpenAsync(replicas[n % replicas.Count])));
        }
    }

    /// <summary>Ends them all and tells how each fared.</summary>
    public async Task<IReadOnlyList<HeldConnection>> StopAsync()
    {
        await _stop.CancelAsync();
        return await Task.WhenAll(_running);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task OpenAsync(int replica)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var socket = await Topology.Client.ConnectAsync(ClientRequests.EndPoint(replica), deadline.Token);
        try
        {
            var node = await AskAsync(socket);
            _running.Add(HoldAsync(socket, replica, node));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<HeldConnection> HoldAsync(Socket socket, int replica, string node)
    {
        using (socket)
        {
            try
            {
                while (!_stop.IsCancellationRequested)
                {
                    // Some hundred requests a second in all leave the machine to what is tested.
                    await Task.Delay(TimeSpan.FromSeconds(2 + Random.Shared.NextDouble()), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    var answered = await AskAsync(socket);
                    Interlocked.Increment(ref _answers);
                    if (answered != node)
                    {
                        return new(replica, node, Misrouted + answered);
                    }
                }

                return new(replica, node, null);
            }
            catch (OperationCanceledException)
            {
                return new(replica, node, $"no answer within {Patience.TotalSeconds} s");
            }
            catch (Exception error) when (error is SocketException or IOException)
            {
                return new(replica, node, error.Message);
            }
        }
    }

    private static async Task<string> AskAsync(Socket socket)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var buffer = new byte[1024];
        var length = 0;
        await socket.SendAsync(Request, deadline.Token);
        while (true)
        {
            var got = await socket.ReceiveAsync(buffer.AsMemory(length), deadline.Token);
            if (got == 0)
            {
                throw new IOException("closed by the other side");
            }

            length += got;
            if (Encoding.ASCII.GetString(buffer, 0, length).Split("\r\n\r\n", 2) is [_, var body] && body.EndsWith('\n'))
            {
                return body.Trim();
            }
        }
    }
}
