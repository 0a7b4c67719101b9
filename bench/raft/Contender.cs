using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace GaleLb.Bench.Raft;

/// <summary>Three processes of one kind that keep a replicated log on one disk.</summary>
internal abstract class Contender(Site site, TimeSpan election) : IDisposable
{
    /// <summary>How many keys the orders go round: few, so that what is measured is the log and not a table.</summary>
    protected const int Keys = 64;

    /// <summary>Bytes of each value.</summary>
    protected const int ValueBytes = 128;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private readonly Process?[] _processes = new Process?[Site.Replicas + 1];

    public abstract string Name { get; }

    protected Site Site { get; } = site;

    protected TimeSpan Election { get; } = election;

    /// <summary>As the manuals of both recommend: a tenth of the election timeout.</summary>
    protected TimeSpan Heartbeat => Election / 10;

    public abstract IPEndPoint Endpoint(int replica);

    /// <summary>The order that sets a key, as bytes of HTTP.</summary>
    public abstract byte[] Order(int key);

    /// <summary>Makes the directories anew and starts all; returns once one leads and an order is acknowledged.</summary>
    public async Task FoundAsync()
    {
        if (Directory.Exists(Directory_))
            Directory.Delete(Directory_, recursive: true);
        for (int replica = 1; replica <= Site.Replicas; replica++)
        {
            Directory.CreateDirectory(DirectoryOf(replica));
            Prepare(replica);
        }

        for (int replica = 1; replica <= Site.Replicas; replica++)
            Start(replica);
        await SettleAsync();
    }

    public void Start(int replica) => _processes[replica] = Launch(replica);

    public void Kill(int replica)
    {
        _processes[replica]!.Kill();
        _processes[replica]!.WaitForExit();
        _processes[replica]!.Dispose();
        _processes[replica] = null;
    }

    /// <summary>Resident memory in bytes.</summary>
    public long Resident(int replica)
    {
        _processes[replica]!.Refresh();
        return _processes[replica]!.WorkingSet64;
    }

    /// <summary>User and system time used so far by all three.</summary>
    public TimeSpan ProcessorTime()
    {
        TimeSpan total = TimeSpan.Zero;
        foreach (Process? process in _processes)
        {
            process?.Refresh();
            total += process?.TotalProcessorTime ?? TimeSpan.Zero;
        }

        return total;
    }

    /// <summary>Waits until every replica knows one leader and an order is acknowledged there; returns who it is.</summary>
    public async Task<int> SettleAsync()
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < StartLimit; await Task.Delay(20))
        {
            string?[] leaders = await Task.WhenAll(Enumerable.Range(1, Site.Replicas).Select(LeaderByAsync));
            int leader = leaders[0] is { } first && Array.TrueForAll(leaders, l => l == first) ? await NumberAsync(first) : 0;
            if (leader > 0 && await IsAcknowledgedAsync(leader, StartLimit))
                return leader;
        }

        throw new TimeoutException($"{Name}: no leader within {StartLimit.TotalSeconds} s; its logs are in {Directory_}");
    }

    /// <summary>Gives one order to one replica.</summary>
    public async Task<bool> IsAcknowledgedAsync(int replica, TimeSpan limit)
    {
        using CancellationTokenSource timeout = new(limit);
        try
        {
            using HttpConnection connection = new(Endpoint(replica));
            await connection.ConnectAsync(timeout.Token);
            return (await connection.CallAsync(Order(0), timeout.Token)).Status == 200;
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>The index of the last entry that a replica has applied; -1 while it does not answer.</summary>
    public async Task<long> AppliedAsync(int replica) => await StatusAsync(replica) is { } status ? Applied(status) : -1;

    /// <summary>Records that stay, each of its own.</summary>
    public abstract Task FillAsync(int leader, int records);

    public void Dispose()
    {
        for (int replica = 1; replica <= Site.Replicas; replica++)
            if (_processes[replica] is not null)
                Kill(replica);
    }

    protected abstract void Prepare(int replica);

    protected abstract Process Launch(int replica);

    /// <summary>The name of the leader by the word of one replica, or null.</summary>
    protected abstract string? Leader(JsonElement status);

    protected abstract long Applied(JsonElement status);

    protected abstract bool IsNamed(JsonElement status, string leader);

    protected abstract byte[] StatusRequest { get; }

    protected string DirectoryOf(int replica) => Path.Combine(Directory_, $"{replica}");

    private string Directory_ => Path.Combine(Site.Data, Name);

    private async Task<string?> LeaderByAsync(int replica) => await StatusAsync(replica) is { } status ? Leader(status) : null;

    private async Task<int> NumberAsync(string leader)
    {
        for (int replica = 1; replica <= Site.Replicas; replica++)
            if (await StatusAsync(replica) is { } status && IsNamed(status, leader))
                return replica;
        return 0;
    }

    protected async Task<JsonElement?> StatusAsync(int replica)
    {
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(1));
        try
        {
            using HttpConnection connection = new(Endpoint(replica));
            await connection.ConnectAsync(timeout.Token);
            (int status, ReadOnlyMemory<byte> body) = await connection.CallAsync(StatusRequest, timeout.Token);
            string text = System.Text.Encoding.UTF8.GetString(body.Span);
            // Chunks: what is between the outermost braces is the document, for both send small ones in one piece.
            return status == 200 ? JsonDocument.Parse(text[text.IndexOf('{')..(text.LastIndexOf('}') + 1)]).RootElement : null;
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException)
        {
            return null;
        }
    }
}
