using System.Diagnostics;
using GaleLb.Bench.Raft;
using GaleLb.Node.Heartbeats;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;

namespace GaleLb.Bench.Cluster;

/// <summary>
/// Many nodes in one process. Each has a stream of its own to one replica, a third of them to each, a hundred streams to a connection. It
/// sends a heartbeat a second and goes to the next replica when its stream ends, after the same waits as gale-node. Other than gale-node
/// it has patience with a late answer: on one machine the processors that make it late are the nodes' own. A replica that has gone silent is
/// noticed by the connection's keep-alive instead.
/// </summary>
internal sealed class Fleet : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ChecksTimeout = TimeSpan.FromSeconds(5);
    private const ulong AnswersToTrust = 2;

    private readonly CancellationTokenSource _stop = new();
    private readonly RpcChannel[] _channels;
    private readonly NodeServiceClient[] _clients;
    private readonly CancellationTokenSource?[] _alive;
    private readonly long[] _lastSent;
    private readonly Task[] _running;
    private long _answered;
    private volatile int _hurried;

    public Fleet(int count)
    {
        _alive = [.. Enumerable.Range(0, count).Select(_ => CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))];
        _channels = [.. Replicas.All.Select(replica => new RpcChannel(new RpcChannelOptions
        {
            Host = $"{Site.Address(replica)}", Port = 7070, KeepAliveInterval = Interval, KeepAliveTimeout = 2 * Interval,
        }))];
        _clients = [.. _channels.Select(channel => new NodeServiceClient(channel))];
        _lastSent = new long[count];
        _running = new Task[count];
        Array.Fill(_running, Task.CompletedTask);
    }

    public int Count => _running.Length;

    /// <summary>Heartbeats that were answered so far.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>So many nodes, the first ones, send each heartbeat as soon as the one before is answered, until it is 0 again.</summary>
    public int Hurried
    {
        get => _hurried;
        set => _hurried = value;
    }

    public static string NameOf(int node) => $"node-{node}";

    /// <summary>Starts all nodes, spread over an interval.</summary>
    public async Task StartAsync()
    {
        const int slices = 100;
        for (int slice = 0; slice < slices; slice++)
        {
            for (int node = slice; node < Count; node += slices)
                _running[node] = RunAsync(node, _alive[node]!.Token);
            await Task.Delay(Interval / slices);
        }
    }

    /// <summary>The node falls silent, its stream cut. Returns when it sent its last heartbeat, as a timestamp.</summary>
    public async Task<long> KillAsync(int node)
    {
        await _alive[node]!.CancelAsync();
        await _running[node];
        return Volatile.Read(ref _lastSent[node]);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        foreach (RpcChannel channel in _channels)
            channel.Dispose();
        foreach (CancellationTokenSource? alive in _alive)
            alive?.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(int node, CancellationToken stop)
    {
        HeartbeatRequest request = new()
        {
            Node = NameOf(node),
            Instance = 1,
            Address = $"10.50.{node / 250}.{1 + (node % 250)}",
            Status = ServingStatus.Serving,
        };
        ReplicaSelector replicas = new(Replicas.Count, new Random(node));
        replicas.Fit(ChecksTimeout);
        while (!stop.IsCancellationRequested)
        {
            (int index, TimeSpan delay) = replicas.Next();
            await Task.Delay(delay, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await BeatAsync(node, _clients[index], request, replicas, stop);
            }
            catch (RpcException)
            {
                // The next replica is tried.
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task BeatAsync(int node, NodeServiceClient client, HeartbeatRequest request, ReplicaSelector replicas, CancellationToken stop)
    {
        using DuplexCall<HeartbeatRequest, HeartbeatResponse> call = client.Heartbeat(new RpcCallOptions(CancellationToken: stop));
        request.Sequence = 0;
        using PeriodicTimer timer = new(Interval);
        do
        {
            request.Sequence++;
            Volatile.Write(ref _lastSent[node], Stopwatch.GetTimestamp());
            await call.WriteAsync(request);
            if (await call.ReadAsync(stop) is null)
                return;
            if (request.Sequence == AnswersToTrust)
                replicas.Succeed();
            Interlocked.Increment(ref _answered);
        }
        while (node < _hurried || await timer.WaitForNextTickAsync(stop));
    }
}
