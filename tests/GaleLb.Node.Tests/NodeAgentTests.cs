using System.Net;
using System.Net.Sockets;
using GaleLb.Configuration.Options;
using GaleLb.Node.Forwarding;
using GaleLb.Node.Heartbeats;
using GaleLb.Node.Hosting;
using GaleLb.Node.Tests.Support;
using GaleLb.Rpc;
using GaleLb.Rpc.V1;
using GaleLb.Testing;

namespace GaleLb.Node.Tests;

/// <summary>The whole node but for its process: real gRPC on loopback, and a clock that moves only when told to.</summary>
public sealed class NodeAgentTests : IAsyncLifetime
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ManualTime _time = new();
    private readonly StringWriter _output = new();
    private readonly FakeHostNetwork _network = new();
    private readonly TcpListener _service = new(IPAddress.Loopback, 0);
    private FakeReplica _first = null!;
    private FakeReplica _second = null!;

    public async Task InitializeAsync()
    {
        _service.Start();
        (_first, _second) = (await FakeReplica.StartAsync(), await FakeReplica.StartAsync());
    }

    public async Task DisposeAsync()
    {
        _service.Dispose();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task RunAsync_FirstHeartbeat_SaysWhoTheNodeIs()
    {
        await using Running node = Start(_first);

        HeartbeatRequest heartbeat = await _first.NextAsync();

        heartbeat.Should().BeEquivalentTo(new HeartbeatRequest
        {
            Node = "node-1",
            Instance = 77,
            Sequence = 1,
            Address = "127.0.0.1",
            Port = 0,
            Weight = 70,
            Status = ServingStatus.Serving,
        });
    }

    [Fact]
    public async Task RunAsync_TimePasses_AHeartbeatEachIntervalAndNoMoreLines()
    {
        await using Running node = Start(_first);
        (await _first.NextAsync()).Sequence.Should().Be(1);
        for (ulong sequence = 2; sequence <= 10; sequence++)
        {
            await node.AnsweredAsync((long)sequence - 1);
            _time.Advance(Second);
            (await _first.NextAsync()).Sequence.Should().Be(sequence);
        }

        Lines().Should().Equal(
            "service check: serving",
            $"connected to 127.0.0.1:{_first.Port}, cluster c1, a heartbeat every 1s",
            "state probing");
    }

    [Fact]
    public async Task Run_WallClockJumps_ChangesNothing()
    {
        TimeSpan[] jumps = [TimeSpan.FromDays(3650), TimeSpan.FromDays(-3650), TimeSpan.Zero, TimeSpan.FromSeconds(-1.5)];
        _time.SetWrong(TimeSpan.FromDays(-7000));
        await using Running node = Start(_first, _second);
        HeartbeatRequest said = await _first.NextAsync();

        foreach (TimeSpan jump in jumps)
        {
            await node.AnsweredAsync((long)said.Sequence);
            _time.SetWrong(jump);
            _time.Advance(Second / 2);
            _first.Heard.Reader.Count.Should().Be(0, "half an interval has passed, whatever the clock on the wall says");
            _time.Advance(Second / 2);
            HeartbeatRequest next = await _first.NextAsync();
            said.Sequence++;
            next.Should().Be(said, "nothing else changes from one heartbeat to the next");
        }

        Lines().Should().HaveCount(3, "it was connected once, and is still");
    }

    [Fact]
    public async Task RunAsync_StateChanges_AreToldOnceEach()
    {
        NodeState[] states = [NodeState.Probing, NodeState.Probing, NodeState.Routable, NodeState.Routable, NodeState.Blacklisted, NodeState.Blacklisted];
        _first.Answer = h => new HeartbeatResponse
        {
            Sequence = h.Sequence,
            State = states[Math.Min((int)h.Sequence, states.Length) - 1],
            HeartbeatIntervalMs = 1000,
            BlacklistedMsLeft = 250_000 - (h.Sequence * 1000),
            Reason = h.Sequence >= 5 ? "5 fails" : "",
        };
        await using Running node = Start(_first);
        for (int i = 1; i <= 7; i++)
        {
            await _first.NextAsync();
            await node.AnsweredAsync(i);
            _time.Advance(Second);
        }

        Lines().Where(line => line.StartsWith("state", StringComparison.Ordinal)).Should().Equal(
            "state probing", "state probing → routable", "state routable → blacklisted for 4m5s because 5 fails");
    }

    [Fact]
    public async Task RunAsync_IntervalChanges_TheNextHeartbeatKeepsIt()
    {
        _first.Answer = h => new HeartbeatResponse { Sequence = h.Sequence, HeartbeatIntervalMs = 200 };
        await using Running node = Start(_first);
        await _first.NextAsync();

        _time.Advance(TimeSpan.FromMilliseconds(200));

        (await _first.NextAsync()).Sequence.Should().Be(2);
    }

    [Fact]
    public async Task RunAsync_StreamEndedUnavailable_TheNextReplicaIsOpenedAtOnce()
    {
        await using Running node = Start(_first, _second);
        await _first.NextAsync();

        _first.End(new RpcStatus(StatusCode.Unavailable, "no leader"));

        (await _second.NextAsync()).Sequence.Should().Be(1, "a new stream counts anew");
        Lines().Should().ContainMatch($"switching from 127.0.0.1:{_first.Port}: Unavailable: no leader");
    }

    [Fact]
    public async Task RunAsync_ReplicaDies_TheNextReplicaIsOpenedAtOnce()
    {
        await using Running node = Start(_first, _second);
        await _first.NextAsync();

        await _first.DisposeAsync();

        await _second.NextAsync();
    }

    [Fact]
    public async Task RunAsync_TwoAnswersMissing_TheNextReplicaIsOpened()
    {
        _first.Answer = _ => null;
        await using Running node = Start(_first, _second);
        await _first.NextAsync();
        _time.Advance(Second);
        await _first.NextAsync();
        _second.Heard.Reader.Count.Should().Be(0);

        _time.Advance(Second);

        await _second.NextAsync();
        Lines().Should().ContainMatch($"127.0.0.1:{_first.Port}: 2 heartbeats without an answer");
    }

    [Fact]
    public async Task RunAsync_NobodyListensAtTheFirst_UsesTheSecondAndSaysTheDefaultPort()
    {
        int port = _first.Port;
        await _first.DisposeAsync();
        await using Running node = Start([port, _second.Port]);

        await _second.NextAsync();

        Lines().Should().Contain($"127.0.0.1:{port} refused the connection: is gale-lb running there? Its default node_port is 7070.");
    }

    [Fact]
    public async Task RunAsync_WholeListFails_WaitsBeforeTheNextRoundAndSaysSoOnce()
    {
        _first.Refusal = _second.Refusal = new RpcStatus(StatusCode.Unavailable, "no leader");
        await using Running node = Start(_first, _second);
        for (int round = 1; round <= 3; round++)
        {
            // Half of the full wait, which is what the random source here makes of it.
            TimeSpan delay = ReplicaSelector.BackoffMin / 2 * (1 << (round - 1));
            await UntilAsync(() => _time.NextDue == delay);
            (_first.Calls, _second.Calls).Should().Be((round, round));
            if (round == 3)
                _first.Refusal = _second.Refusal = null;
            _time.Advance(delay);
        }

        HeartbeatRequest heartbeat = await await Task.WhenAny(_first.NextAsync(), _second.NextAsync());

        heartbeat.Sequence.Should().Be(1);
        Lines().Count(line => line.StartsWith("no replica can be used", StringComparison.Ordinal)).Should().Be(1);
        Lines().Count(line => line.EndsWith("Unavailable: no leader", StringComparison.Ordinal)).Should().Be(2, "once for each replica, not for each attempt");
    }

    [Fact]
    public async Task RunAsync_ServiceStops_IsToldAtOnce()
    {
        _first.Config.HeartbeatIntervalMs = 60_000;
        _first.Answer = h => new HeartbeatResponse { Sequence = h.Sequence, HeartbeatIntervalMs = 60_000 };
        int port = ((IPEndPoint)_service.LocalEndpoint).Port;
        _first.Config.Services.Add(new ServiceConfig { Name = "web", Protocol = "tcp", TargetPort = (uint)port });
        await using Running node = Start(_first);
        (await _first.NextAsync()).Status.Should().Be(ServingStatus.Serving);
        _service.Stop();

        _time.Advance(TimeSpan.FromSeconds(2));

        HeartbeatRequest heartbeat = await _first.NextAsync();
        heartbeat.Status.Should().Be(ServingStatus.NotServing);
        heartbeat.Detail.Should().Contain($"127.0.0.1:{port}");
    }

    [Fact]
    public async Task RunAsync_ServiceIsDownFromTheStart_TheFirstHeartbeatSaysSo()
    {
        int port = ((IPEndPoint)_service.LocalEndpoint).Port;
        _service.Stop();
        _first.Config.Services.Add(new ServiceConfig { Name = "web", Protocol = "tcp", TargetPort = (uint)port });
        await using Running node = Start(_first);

        (await _first.NextAsync()).Status.Should().Be(ServingStatus.NotServing);
    }

    [Fact]
    public async Task Stop_Connected_SaysLeavingAndWaitsForTheAnswer()
    {
        await using Running node = Start(_first);
        await _first.NextAsync();

        node.Stop();

        (await node.Run.WaitAsync(Watchdog)).Should().BeTrue();
        (await _first.NextAsync()).Status.Should().Be(ServingStatus.Leaving);
    }

    [Fact]
    public async Task Stop_ReplicaEndsTheStreamInstead_TellsTheNext()
    {
        _first.Answer = h => h.Status == ServingStatus.Leaving ? null : new HeartbeatResponse { Sequence = h.Sequence };
        await using Running node = Start(_first, _second);
        await _first.NextAsync();
        node.Stop();
        (await _first.NextAsync()).Status.Should().Be(ServingStatus.Leaving);

        _first.End(new RpcStatus(StatusCode.Unavailable, "stopping"));

        (await _second.NextAsync()).Status.Should().Be(ServingStatus.Leaving);
        (await node.Run.WaitAsync(Watchdog)).Should().BeTrue();
    }

    [Fact]
    public async Task Stop_NobodyAnswers_EndsAfterTheBound()
    {
        _first.Answer = h => h.Status == ServingStatus.Leaving ? null : new HeartbeatResponse { Sequence = h.Sequence };
        await using Running node = Start(_first);
        await _first.NextAsync();
        node.Stop();
        (await _first.NextAsync()).Status.Should().Be(ServingStatus.Leaving);
        node.Run.IsCompleted.Should().BeFalse();

        _time.Advance(NodeAgent.LeaveTimeout);

        (await node.Run.WaitAsync(Watchdog)).Should().BeFalse();
    }

    [Fact]
    public async Task Stop_WhileNoReplicaCanBeUsed_EndsAtOnce()
    {
        _first.Refusal = new RpcStatus(StatusCode.Unavailable, "no leader");
        await using Running node = Start(_first);
        await UntilAsync(() => Lines().Any(line => line.StartsWith("no replica", StringComparison.Ordinal)));

        node.Stop();

        (await node.Run.WaitAsync(Watchdog)).Should().BeFalse();
    }

    [Fact]
    public async Task RunAsync_L2Service_ItsAddressIsHeldBeforeTheFirstHeartbeat()
    {
        _first.Config.Services.Add(new ServiceConfig { Name = "dns", Protocol = "udp", TargetPort = 53, Forwarding = "l2", Addresses = { "203.0.113.10" } });
        await using Running node = Start(
            TestOptions.Create([_first.Port]) with { Forwarding = new NodeForwardingOptions(NodeForwardingMode.L2, [], "lo") });

        await _first.NextAsync();

        _network.Addresses.Should().Equal((IPAddress.Parse("203.0.113.10"), "lo"));
    }

    [Fact]
    public async Task Progress_WithAMinuteBetweenHeartbeats_IsNeverOverdue()
    {
        _first.Config.HeartbeatIntervalMs = 60_000;
        _first.Answer = h => new HeartbeatResponse { Sequence = h.Sequence, HeartbeatIntervalMs = 60_000 };
        await using Running node = Start(_first);
        await _first.NextAsync();
        await node.AnsweredAsync(1);

        _time.Advance(TimeSpan.FromSeconds(59));

        node.Overdue.Should().Be(TimeSpan.Zero, "there is nothing to do before the next heartbeat");
    }

    [Fact]
    public async Task Progress_WhileNoReplicaCanBeUsed_IsNeverOverdue()
    {
        _first.Refusal = new RpcStatus(StatusCode.Unavailable, "no leader");
        await using Running node = Start(_first);
        TimeSpan delay = ReplicaSelector.BackoffMin / 2;
        await UntilAsync(() => _time.NextDue == delay);

        _time.Advance(delay - TimeSpan.FromMilliseconds(1));

        node.Overdue.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public async Task Progress_WhileTheLoopHangs_IsOverdueAndThenNoMore()
    {
        TaskCompletionSource added = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _network.Added = added.Task;
        _first.Config.Services.Add(new ServiceConfig { Name = "dns", Protocol = "udp", TargetPort = 53, Forwarding = "l2", Addresses = { "203.0.113.10" } });
        NodeOptions options = TestOptions.Create([_first.Port]) with { Forwarding = new NodeForwardingOptions(NodeForwardingMode.L2, [], "lo") };
        await using Running node = Start(options);
        await UntilAsync(() => _first.Calls == 1);

        // More than any step before the first heartbeat may take.
        _time.Advance(TimeSpan.FromSeconds(30));

        node.Overdue.Should().BeGreaterThan(NodeWatch.Grace);
        added.SetResult();
        await _first.NextAsync();
        await node.AnsweredAsync(1);
        node.Overdue.Should().Be(TimeSpan.Zero);
    }

    private Running Start(params FakeReplica[] replicas) => Start([.. replicas.Select(replica => replica.Port)]);

    private Running Start(int[] ports) => Start(TestOptions.Create(ports));

    private Running Start(NodeOptions options)
    {
        NodeLog log = new(_output, _time);
        return new Running(
            new NodeAgent(
                options,
                new NodeIdentity("node-1", 77, options.Node),
                ReplicaCredentials.Load(options.Security),
                new ServiceAddresses(options, _network, log),
                new TunnelEnd(options.Forwarding, _network, new FakeTunnelHost(), log),
                new FirstRandom(),
                _time,
                log),
            _time);
    }

    private string[] Lines()
    {
        string text;
        // The log writes through a synchronized writer; reading between two writes is enough here.
        lock (_output)
            text = _output.ToString();
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..])];
    }

    /// <summary>What the node does ends with a timer being set, so that no poll is needed.</summary>
    private Task UntilAsync(Func<bool> condition) => _time.UntilAsync(condition).WaitAsync(Watchdog);

    /// <summary>Starts at the first replica of the list; jitter at its shortest.</summary>
    private sealed class FirstRandom : Random
    {
        public override int Next(int maxValue) => 0;

        public override double NextDouble() => 0;
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly NodeAgent _agent;
        private readonly ManualTime _time;

        public Running(NodeAgent agent, ManualTime time)
        {
            _agent = agent;
            _time = time;
            Run = Task.Run(() => agent.RunAsync(_stop.Token));
        }

        public Task<bool> Run { get; }

        public TimeSpan Overdue => _agent.Progress.Overdue;

        public void Stop() => _stop.Cancel();

        /// <summary>Waits until the node has taken so many answers in.</summary>
        public Task AnsweredAsync(long count) => _time.UntilAsync(() => _agent.Answers == count).WaitAsync(Watchdog);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _time.Advance(NodeAgent.LeaveTimeout);
            await Run.WaitAsync(Watchdog);
            _stop.Dispose();
        }
    }
}
