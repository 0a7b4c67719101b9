using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using GaleLb.TestKit.Histories;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>
/// Clients that give orders to any replica and read from any replica, one thing after the other each, and write down when
/// they asked, when they were answered and what. The registers are the reasons of a few blocked ranges, and the weights of
/// two nodes. An order without an answer is repeated under its Idempotency-Key; one that stays without is noted as unknown.
/// </summary>
public sealed class OrderClients : IAsyncDisposable
{
    private const int Ranges = 4;
    private const int WeightedNodes = 2;
    private const int FirstWeight = 200;
    private const int WeightMax = 1000;
    private const int AttemptsMax = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentBag<RegisterOperation> _history = [];
    private readonly ConcurrentBag<AcknowledgedOrder> _acknowledged = [];
    private readonly ConcurrentQueue<string> _refusals = [];
    private readonly ImmutableDictionary<int, HttpClient> _http =
        Cluster.AllReplicas.ToImmutableDictionary(replica => replica, replica => Topology.Replica(replica).CreateHttpClient(Patience));

    private readonly CancellationTokenSource _stop = new();
    private readonly int _seed;
    private readonly string _consistency;
    private Dictionary<string, string> _initial = [];
    private ImmutableArray<Task> _running = [];
    private long _orders;

    /// <summary>The last weight each node was given by anybody: no value may come twice in one cluster.</summary>
    private static readonly int[] Weights = new int[WeightedNodes + 1];

    private OrderClients(int seed, string consistency) => (_seed, _consistency) = (seed, consistency);

    /// <summary>Orders acknowledged so far.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>Starts on a cluster in which all is well.</summary>
    /// <param name="seed">Of what the clients do, and whose ranges are theirs; when things happen is up to the machine.</param>
    /// <param name="clients">How many act by themselves until they are judged.</param>
    /// <param name="consistency">Of the reads: linearizable or local.</param>
    public static async Task<OrderClients> StartAsync(int seed, int clients, string consistency = "linearizable")
    {
        OrderClients started = new(seed, consistency);
        (await started.ReadAsync("first", 1)).Should().BeTrue("all is well");
        started._initial = started._history.ToDictionary(read => read.Key, read => read.Value, StringComparer.Ordinal);
        started._running =
            [.. Enumerable.Range(1, clients).Select(client => Task.Run(() => started.ActAsync($"client-{client}", new Random((seed * 100) + client))))];
        return started;
    }

    /// <summary>Ends the clients, asks every replica for a last time, and says what is wrong with what was seen.</summary>
    public async Task<ImmutableArray<string>> JudgeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        foreach (var replica in Cluster.AllReplicas)
        {
            (await ReadAsync("last", replica)).Should().BeTrue($"lb-{replica} answers when all is well");
        }

        return [.. _refusals, .. RegisterChecker.Check(_history, register => _initial[register]), .. IndexChecker.Check(_acknowledged)];
    }

    /// <summary>How much was done, for people.</summary>
    public string Summary() =>
        $"{_acknowledged.Count} orders acknowledged, {_history.Count(o => o is { IsWrite: true, Answered: null })} unknown, {_history.Count(o => !o.IsWrite)} values read";

    /// <summary>One order after the other as fast as one replica takes them, each of some 3 KiB in the log, until <paramref name="enough"/>.</summary>
    public async Task FloodAsync(Func<int> replica, int writers, Func<bool> enough)
    {
        var reason = new string('€', 1000);
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            while (!enough())
            {
                try
                {
                    using var response = await _http[replica()].PostAsJsonAsync(Url("/api/v1/blocks"), new { cidr = $"203.0.113.{writer}", reason });
                }
                catch (Exception error) when (IsNoAnswer(error))
                {
                    await Task.Delay(PauseAfterFailure);
                }
            }
        }));
    }

    /// <summary>One order of one range, and whether it was acknowledged.</summary>
    public Task<bool> OrderAsync(string client, int replica) => WriteAsync(client, new Random(replica), _ => replica);

    /// <summary>Reads all registers from one replica, and whether it answered.</summary>
    public async Task<bool> ReadAsync(string client, int replica)
    {
        try
        {
            var before = Stopwatch.GetTimestamp();
            var blocks = await _http[replica].GetFromJsonAsync<JsonElement>(Url($"/api/v1/blocks?consistency={_consistency}"));
            var between = Stopwatch.GetTimestamp();
            var nodes = await _http[replica].GetFromJsonAsync<JsonElement>(Url($"/api/v1/nodes?consistency={_consistency}"));
            var after = Stopwatch.GetTimestamp();
            var who = $"{client} at lb-{replica}";
            var reasons = blocks.GetProperty("blocks").EnumerateArray().ToDictionary(
                block => block.GetProperty("cidr").GetString()!, block => block.GetProperty("reason").GetString()!, StringComparer.Ordinal);
            for (var range = 0; range < Ranges; range++)
            {
                _history.Add(new(Range(range), IsWrite: false, reasons.GetValueOrDefault(Range(range), ""), before, between, who));
            }

            foreach (var node in nodes.GetProperty("nodes").EnumerateArray())
            {
                var name = node.GetProperty("id").GetString()!;
                if (int.Parse(name.Split('-')[1]) <= WeightedNodes)
                {
                    _history.Add(new($"weight of {name}", IsWrite: false, $"{node.GetProperty("weight").GetInt32()}", between, after, who));
                }
            }

            return true;
        }
        catch (Exception error) when (IsNoAnswer(error))
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        foreach (var http in _http.Values)
        {
            http.Dispose();
        }

        _stop.Dispose();
    }

    private async Task ActAsync(string client, Random random)
    {
        while (!_stop.IsCancellationRequested)
        {
            var done = random.Next(2) == 0
                ? await ReadAsync(client, AnyReplica(random)) : await WriteAsync(client, random, AnyReplica);
            await Task.Delay(done ? PauseMax * random.NextDouble() : PauseAfterFailure);
        }
    }

    private Task<bool> WriteAsync(string client, Random random, Func<Random, int> replica)
    {
        var node = random.Next(10) == 0 ? 1 + random.Next(WeightedNodes) : 0;
        var weight = node == 0 ? WeightMax + 1 : FirstWeight + Interlocked.Increment(ref Weights[node]);
        if (weight <= WeightMax)
        {
            return OrderAsync(
                client, $"weight of node-{node}", $"{weight}", () => replica(random),
                () => new(HttpMethod.Put, Url($"/api/v1/nodes/node-{node}/weight")) { Content = JsonContent.Create(new { weight }) });
        }

        var range = Range(random.Next(Ranges));
        var value = $"{client}, {Interlocked.Increment(ref _orders)}";
        return OrderAsync(
            client, range, value, () => replica(random),
            () => new(HttpMethod.Post, Url("/api/v1/blocks")) { Content = JsonContent.Create(new { cidr = range, reason = value }) });
    }

    private async Task<bool> OrderAsync(string client, string register, string value, Func<int> replica, Func<HttpRequestMessage> order)
    {
        var key = Guid.NewGuid().ToString();
        var invoked = Stopwatch.GetTimestamp();
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            if (await AttemptAsync(replica(), order(), key, $"{client}: {register} = {value}") is { } index)
            {
                var answered = Stopwatch.GetTimestamp();
                _acknowledged.Add(new(index, invoked, answered, $"{register} = {value}"));
                _history.Add(new(register, IsWrite: true, value, invoked, answered, client));
                return true;
            }

            await Task.Delay(PauseAfterFailure);
        }

        _history.Add(new(register, IsWrite: true, value, invoked, Answered: null, client));
        return false;
    }

    /// <summary>The order's index, or null where nobody knows what became of it.</summary>
    private async Task<ulong?> AttemptAsync(int replica, HttpRequestMessage order, string key, string name)
    {
        try
        {
            using (order)
            {
                order.Headers.Add("Idempotency-Key", key);
                using var response = await _http[replica].SendAsync(order);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("index").GetUInt64();
                }

                if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
                {
                    _refusals.Enqueue($"{name} was refused by lb-{replica}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
                }
            }
        }
        catch (Exception error) when (IsNoAnswer(error))
        {
            // Whether it arrived cannot be told: it is repeated.
        }

        return null;
    }

    private string Range(int range) => $"198.51.{_seed % 256}.{range}/32";

    private static Uri Url(string path) => new($"http://127.0.0.1:{Topology.ApiPort}{path}");

    private static int AnyReplica(Random random) => Cluster.AllReplicas[random.Next(Cluster.AllReplicas.Length)];

    private static bool IsNoAnswer(Exception error) => error is HttpRequestException or OperationCanceledException or IOException;
}
