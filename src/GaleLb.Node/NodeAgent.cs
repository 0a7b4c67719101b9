using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using GaleLb.Configuration;
using GaleLb.Configuration.Options;
using GaleLb.Node.Checks;
using GaleLb.Node.Forwarding;
using GaleLb.Node.Heartbeats;
using GaleLb.Node.Hosting;
using GaleLb.Rpc;
using GaleLb.Rpc.Client;
using GaleLb.Rpc.Services;
using GaleLb.Rpc.V1;

namespace GaleLb.Node;

/// <summary>Keeps one heartbeat stream to one of the listed replicas, and moves on when it fails.</summary>
internal sealed class NodeAgent(
    NodeOptions options,
    NodeIdentity identity,
    ReplicaCredentials credentials,
    ServiceAddresses addresses,
    TunnelEnd tunnel,
    Random random,
    TimeProvider time,
    NodeLog log)
{
    /// <summary>How long a stop waits for a replica to take note.</summary>
    public static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);

    // Not one: a replica that answers once and ends the stream must not keep the node from ever waiting.
    private const int AnswersToTrust = 2;

    // Before the cluster's own interval is known, and at most.
    private static readonly TimeSpan ConnectTimeoutMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ConnectTimeoutMin = TimeSpan.FromMilliseconds(500);
    private readonly ReplicaSelector _selector = new(options.LoadBalancers.Length, random);
    private readonly Dictionary<LoadBalancerAddress, string> _failures = [];
    private volatile Channel<NodeEvent> _events = Channel.CreateUnbounded<NodeEvent>();
    private volatile bool _isLeaving;
    private ServiceReport? _report;
    private NodeState _state;
    private string _reason = "";
    private TimeSpan _connectTimeout = ConnectTimeoutMax;
    private bool _hasToldListFailed;
    private long _answers;

    /// <summary>Whether the loop takes its turns.</summary>
    public LoopProgress Progress { get; } = new(time);

    /// <summary>Answers heard so far, over all streams.</summary>
    public long Answers => Interlocked.Read(ref _answers);

    /// <summary>Runs until <paramref name="stop"/> fires, then says that the node is leaving. Returns whether a replica took note.</summary>
    /// <exception cref="HostNetworkException">The service addresses cannot be set up on this host.</exception>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        using CancellationTokenSource giveUp = new();
        await using ITimer giveUpTimer = time.CreateTimer(_ => giveUp.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using CancellationTokenRegistration leaving = stop.Register(() =>
        {
            _isLeaving = true;
            giveUpTimer.Change(LeaveTimeout, Timeout.InfiniteTimeSpan);
            _events.Writer.TryWrite(new NodeEvent.Leave());
        });
        await using NodeChecks checks = new(options, time, TakeReport);
        try
        {
            while (true)
            {
                if (stop.IsCancellationRequested && _selector.HasListFailed)
                    return false;
                (int index, TimeSpan delay) = _selector.Next();
                if (!await WaitAsync(delay, stop))
                    return false;
                if (await ServeAsync(options.LoadBalancers[index], checks, giveUp.Token))
                    return true;
            }
        }
        catch (Exception e) when (giveUp.IsCancellationRequested && (e is OperationCanceledException or RpcException))
        {
            return false;
        }
    }

    private async Task<bool> WaitAsync(TimeSpan delay, CancellationToken stop)
    {
        Progress.Expect(delay);
        if (delay == TimeSpan.Zero)
            return true;
        if (!_hasToldListFailed)
        {
            _hasToldListFailed = true;
            log.Write($"no replica can be used; trying again, at the latest every {DurationText.Format(_selector.BackoffMax)}");
        }
        await Task.Delay(delay, time, stop).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return !stop.IsCancellationRequested;
    }

    /// <summary>One replica, from connecting to the end of its stream; true when it took note that this node left.</summary>
    private async Task<bool> ServeAsync(LoadBalancerAddress replica, NodeChecks checks, CancellationToken giveUp)
    {
        try
        {
            using RpcChannel channel = new(new RpcChannelOptions
            {
                Host = replica.Host,
                Port = replica.Port,
                SourceAddress = options.Node.Ip,
                Tls = credentials.Tls,
                ConnectTimeout = _connectTimeout,
                Time = time,
            });
            NodeServiceClient client = new(channel);
            RpcMetadata metadata = credentials.Metadata();
            Progress.Expect(_connectTimeout * 2);
            GetConfigResponse config = await client.GetConfigAsync(
                new GetConfigRequest { Node = identity.Name }, new RpcCallOptions(_connectTimeout * 2, metadata, giveUp));
            TimeSpan interval = HeartbeatSession.IntervalOf(config.HeartbeatIntervalMs);
            _selector.Fit(TimeSpan.FromMilliseconds(config.ChecksTimeoutMs));
            _connectTimeout = interval < ConnectTimeoutMin ? ConnectTimeoutMin : interval < ConnectTimeoutMax ? interval : ConnectTimeoutMax;

            IPAddress own = options.Node.Ip ?? channel.LocalEndPoint!.Address;
            Progress.Expect(options.HealthCheck.Timeout);
            // Before the check, which may look at them, and before a replica may route here.
            ImmutableArray<IPAddress> services = ServiceAddresses.Wanted(options, config.Services);
            addresses.Hold(services);
            tunnel.Hold(own, services);
            Channel<NodeEvent> events = _events = Channel.CreateUnbounded<NodeEvent>();
            ServiceReport report = await checks.UseAsync(config.Services, own, giveUp);
            using DuplexCall<HeartbeatRequest, HeartbeatResponse> call = client.Heartbeat(new RpcCallOptions(Metadata: metadata, CancellationToken: giveUp));
            HeartbeatSession session = new(interval, report, _isLeaving);
            HeartbeatStream stream = new(call, session, events, time, Progress, identity.Form, response => TakeAnswer(replica, config, session, response));
            StreamEnd end = await stream.RunAsync(giveUp);
            if (end.Session == SessionEnd.Left)
                return true;
            string cause = end.Session == SessionEnd.Silent ? $"{HeartbeatSession.MissedMax} heartbeats without an answer" : EndWords(end.Status);
            if (session.Answers > 0)
                log.Write($"switching from {replica}: {cause}");
            else
                TakeFailure(replica, $"{replica}: {cause}");
        }
        catch (RpcException e) when (!giveUp.IsCancellationRequested)
        {
            TakeFailure(replica, ReplicaFailure.Describe(replica, e));
        }
        catch (InvalidDataException e)
        {
            TakeFailure(replica, e.Message);
        }
        return false;
    }

    private void TakeReport(ServiceReport report)
    {
        log.Checked(_report, report);
        _report = report;
        _events.Writer.TryWrite(new NodeEvent.Reported(report));
    }

    private void TakeAnswer(LoadBalancerAddress replica, GetConfigResponse config, HeartbeatSession session, HeartbeatResponse response)
    {
        if (session.Answers == 1)
            log.Write($"connected to {replica}{(config.ClusterId.Length > 0 ? $", cluster {config.ClusterId}" : "")}, a heartbeat every {DurationText.Format(session.Interval)}");
        if (session.Answers == AnswersToTrust)
        {
            _selector.Succeed();
            _failures.Clear();
            _hasToldListFailed = false;
        }
        if (response.State != _state || response.Reason != _reason)
            log.StateChanged(_state, response);
        _state = response.State;
        _reason = response.Reason;
        Interlocked.Increment(ref _answers);
    }

    // The same failure again and again is told once.
    private void TakeFailure(LoadBalancerAddress replica, string words)
    {
        if (_failures.TryGetValue(replica, out string? told) && told == words)
            return;
        _failures[replica] = words;
        log.Write(words);
    }

    private static string EndWords(RpcStatus status) => status.IsOk ? "it ended the stream" : status.ToString();
}
