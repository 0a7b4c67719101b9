using System.Diagnostics;

namespace GaleLb.Bench.Cluster;

/// <summary>What happens to a large cluster, one after the other; each step ends when the cluster has come to rest.</summary>
internal sealed class Scenario(Replicas replicas, Fleet fleet, Report report, TimeSpan steady, TimeSpan idle)
{
    private const int Orders = 100;
    private const int Hurried = 300;
    private const int Singles = 50;
    private const int Together = 1_000;
    private const double ChecksTimeoutMs = 5_000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(12);

    private int _alive = fleet.Count;

    public async Task RunAsync()
    {
        await replicas.LeaderAsync(Replicas.All);
        await RegisterAsync();
        await RestAsync();
        await OrderAsync();
        await SaturateAsync();
        await LoseSinglesAsync();
        await LoseTogetherAsync();
        await LoseReplicaAsync(leader: false, "loses its power", replicas.CutPower, replicas.RestorePower);
        await LoseReplicaAsync(leader: true, "is killed", replicas.Kill, replicas.Start);
        await LoseReplicaAsync(leader: false, "is killed", replicas.Kill, replicas.Start);
        await LoseReplicaAsync(leader: true, "loses its power", replicas.CutPower, replicas.RestorePower);
    }

    private async Task RegisterAsync()
    {
        Say($"{fleet.Count} nodes register");
        long started = Stopwatch.GetTimestamp();
        await fleet.StartAsync();
        await UntilAsync("every node is routable on all replicas", AllRoutableAsync);
        report.Add("all nodes routable in all kernels after", "s", Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private async Task RestAsync()
    {
        Say($"{idle.TotalSeconds} s of heartbeats");
        await Task.Delay(Settling);
        int leader = await replicas.LeaderAsync(Replicas.All);
        long last = (await replicas.StateAsync(leader))!.Last;
        TimeSpan[] before = [.. Replicas.All.Select(replicas.ProcessorTime)];
        long answered = fleet.Answered, started = Stopwatch.GetTimestamp();
        await Task.Delay(idle);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        report.Add("heartbeats answered", "1/s", (fleet.Answered - answered) / seconds);
        foreach (bool leads in new[] { true, false })
        {
            string who = leads ? "leader" : "follower";
            int[] these = [.. Replicas.All.Where(r => r == leader == leads)];
            report.Add($"{who}: processor time", "ms/s", these.Select(r => (replicas.ProcessorTime(r) - before[r - 1]).TotalMilliseconds / seconds));
            report.Add($"{who}: resident memory", "MB", these.Select(replicas.ResidentMegabytes));
        }

        report.Add($"entries appended to the log in {idle.TotalSeconds} s of heartbeats", "", (await replicas.StateAsync(leader))!.Last - last);
    }

    /// <summary>Nodes are drained and undrained through each replica in turn: what an order takes, and what the kernels take after it.</summary>
    private async Task OrderAsync()
    {
        Say($"{Orders} orders, each until all kernels go by it");
        List<double> acknowledged = [], inKernels = [];
        for (int order = 0; order < Orders; order++)
        {
            int through = order % Replicas.Count + 1;
            long started = Stopwatch.GetTimestamp();
            long index = await replicas.OrderAsync(through, $"nodes/{Fleet.NameOf(order / 2)}/{(order % 2 == 0 ? "drain" : "undrain")}");
            long answered = Stopwatch.GetTimestamp();
            await Task.WhenAll(Replicas.All.Select(async replica =>
            {
                // A status with thousands of nodes is work: asked without a pause it would be what is measured.
                while (await replicas.StateAsync(replica) is not { } state || state.Kernel < index)
                    await Task.Delay(5);
            }));
            acknowledged.Add(Stopwatch.GetElapsedTime(started, answered).TotalMilliseconds);
            inKernels.Add(Stopwatch.GetElapsedTime(answered).TotalMilliseconds);
            await Task.Delay(250);
        }

        report.Add("an order, until it is committed and answered", "ms", acknowledged);
        report.Add("the same order, from its answer until all three kernels go by it", "ms", inKernels);
        report.Add("the same, p99", "ms", inKernels.Order().ElementAt((int)((Orders - 1) * 0.99)));
    }

    /// <summary>As many heartbeats as both sides can on one machine; what one costs a replica tells what a machine of its own could take.</summary>
    private async Task SaturateAsync()
    {
        Say($"{Hurried} nodes send heartbeats without a pause");
        fleet.Hurried = Hurried;
        await Task.Delay(Settling);
        long index = (await replicas.StateAsync(1))!.Applied;
        TimeSpan[] before = [.. Replicas.All.Select(replicas.ProcessorTime)];
        long answered = fleet.Answered, started = Stopwatch.GetTimestamp();
        await Task.Delay(steady);
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        double beats = fleet.Answered - answered, spent = Replicas.All.Sum(r => (replicas.ProcessorTime(r) - before[r - 1]).TotalMicroseconds);
        fleet.Hurried = 0;
        report.Add($"{Hurried} nodes without a pause: heartbeats answered", "1/s", beats / seconds);
        report.Add("the same: processor time of the three replicas for each", "us", spent / beats);
        report.Add("the same: nodes ejected", "", (await replicas.EventsAsync(1, index, "node_down")).Count);
        await Task.Delay(Settling);
    }

    private async Task LoseSinglesAsync()
    {
        Say($"{Singles} nodes die, one after the other");
        Dictionary<string, long> sent = [];
        long index = (await replicas.StateAsync(1))!.Applied;
        foreach (int node in Enumerable.Range(0, Singles))
        {
            sent[Fleet.NameOf(node)] = await fleet.KillAsync(node);
            await Task.Delay(50);
        }

        _alive -= Singles;
        Dictionary<string, double> gone = [];
        Dictionary<string, long> ejected = [];
        await UntilAsync("they are out of all kernels", async () =>
        {
            foreach ((long at, string node) in await replicas.EventsAsync(1, index, "node_down"))
                ejected[node] = at;
            long kernel = (await Task.WhenAll(Replicas.All.Select(replicas.StateAsync))).Min(s => s?.Kernel ?? 0);
            foreach ((string node, long at) in ejected)
                if (at <= kernel && sent.TryGetValue(node, out long last))
                    gone.TryAdd(node, Stopwatch.GetElapsedTime(last).TotalMilliseconds - ChecksTimeoutMs);
            return gone.Count == Singles;
        });
        List<double> sorted = [.. gone.Values.Order()];
        report.Add("a node's last heartbeat to out of all kernels, beyond checks_timeout", "ms", sorted);
        report.Add("the same, p99", "ms", sorted[(int)((sorted.Count - 1) * 0.99)]);
    }

    private async Task LoseTogetherAsync()
    {
        Say($"{Together} nodes die at once");
        long started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(Singles, Together).Select(fleet.KillAsync));
        _alive -= Together;
        await UntilAsync("they are out of all kernels", AllRoutableAsync);
        report.Add($"{Together} nodes dead at once, out of all kernels beyond checks_timeout", "ms", Stopwatch.GetElapsedTime(started).TotalMilliseconds - ChecksTimeoutMs);
    }

    /// <summary>A replica goes, with the streams that end there, a third of all at first: nobody may be ejected for it.</summary>
    private async Task LoseReplicaAsync(bool leader, string how, Action<int> lose, Action<int> bringBack)
    {
        int lead = await replicas.LeaderAsync(Replicas.All);
        int victim = leader ? lead : lead % Replicas.Count + 1;
        int[] others = [.. Replicas.All.Where(r => r != victim)];
        string who = $"{(leader ? "leader" : "follower")} {how}";
        Say($"the {who}");
        long index = (await replicas.StateAsync(others[0]))!.Applied;
        report.Add($"{who}: nodes that it served", "", fleet.ServedBy(victim));
        long lost = Stopwatch.GetTimestamp();
        lose(victim);
        await replicas.LeaderAsync(others);
        if (leader)
            report.Add($"{who}: another leads after", "ms", Stopwatch.GetElapsedTime(lost).TotalMilliseconds);
        await Task.Delay(Settling);
        report.Add($"{who}: nodes ejected", "", (await replicas.EventsAsync(others[0], index, "node_down")).Count);
        bringBack(victim);
        await UntilAsync($"after the {who}, all are back", AllRoutableAsync);
    }

    private async Task<bool> AllRoutableAsync() =>
        (await Task.WhenAll(Replicas.All.Select(replicas.StateAsync))).All(s => s is not null && s.Routable == _alive && s.Kernel >= s.Applied);

    private async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        for (long started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < Limit; await Task.Delay(10))
            if (await holds())
                return;
        string states = string.Join("; ", await Task.WhenAll(Replicas.All.Select(replicas.StateAsync)));
        throw new TimeoutException($"Not within {Limit.TotalMinutes} minutes: {what}. {_alive} nodes live. {states}");
    }

    private static void Say(string what) => Console.Error.WriteLine($"cluster: {what}");
}
