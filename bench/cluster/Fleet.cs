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
/// it has patience with a late answer: on one machine the processors that make it late are the nodes' own. That a replica has
/// gone silent is noticed for all of its nodes at once, by a call of its own that gets no answer for two intervals. (Keep-alive would not do: .NET pings no
/// connection that is full of streams.)
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
    private readonly int[] _served;
    private readonly Task[] _running;
    private readonly Task[] _probing;
    private readonly CancellationTokenSource[] _answering;
    private long _answered;
    private volatile int _hurried;

    public Fleet(int count)
    {
        _alive = [.. Enumerable.Range(0, count).Select(_ => CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))];
        _channels = [.. Replicas.All.Select(replica => new RpcChannel(new RpcChannelOptions { Host = $"{Site.Address(replica)}", Port = 7070 }))];
        _clients = [.. _channels.Select(channel => new NodeServiceClient(channel))];
        _answering = [.. _channels.Select(_ => CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))];
        _probing = [.. Enumerable.Range(0, _channels.Length).Select(ProbeAsync)];
        _lastSent = new long[count];
        _served = new int[count];
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

    /// <summary>How many nodes a replica answered last.</summary>
    public int ServedBy(int replica) => _served.Count(served => served == replica);

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
        Volatile.Write(ref _served[node], 0);
        return Volatile.Read(ref _lastSent[node]);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll([.. _running, .. _probing]);
        foreach (CancellationTokenSource answering in _answering)
            answering.Dispose();
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
                using CancellationTokenSource served = CancellationTokenSource.CreateLinkedTokenSource(stop, Volatile.Read(ref _answering[index]).Token);
                await BeatAsync(node, index, request, replicas, served.Token);
            }
            catch (Exception error) when (error is RpcException or OperationCanceledException)
            {
                // The next replica is tried, unless this node is to stop.
            }
        }
    }

    /// <summary>Ends the streams to a replica that answers nothing for two intervals, as each gale-node would its own.</summary>
    private async Task ProbeAsync(int replica)
    {
        using RpcChannel channel = new(new RpcChannelOptions { Host = $"{Site.Address(replica + 1)}", Port = 7070 });
        NodeServiceClient client = new(channel);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await client.GetConfigAsync(new GetConfigRequest { Node = "probe" }, new RpcCallOptions(2 * Interval, CancellationToken: _stop.Token));
            }
            catch (RpcException error) when (error.Status.Code == StatusCode.DeadlineExceeded)
            {
                CancellationTokenSource silent = _answering[replica];
                Volatile.Write(ref _answering[replica], CancellationTokenSource.CreateLinkedTokenSource(_stop.Token));
                // Not disposed of: a node may be about to ask it for its token.
                await silent.CancelAsync();
            }
            catch (Exception error) when (error is RpcException or OperationCanceledException)
            {
                // Gone, not silent: its streams have ended by themselves.
            }

            await Task.Delay(Interval / 2, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task BeatAsync(int node, int replica, HeartbeatRequest request, ReplicaSelector replicas, CancellationToken stop)
    {
        using DuplexCall<HeartbeatRequest, HeartbeatResponse> call = _clients[replica].Heartbeat(new RpcCallOptions(CancellationToken: stop));
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
            Volatile.Write(ref _served[node], replica + 1);
            Interlocked.Increment(ref _answered);
        }
        while (node < _hurried || await timer.WaitForNextTickAsync(stop));
    }
}
