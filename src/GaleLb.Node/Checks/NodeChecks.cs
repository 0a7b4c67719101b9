using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.Node.Heartbeats;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Checks;

/// <summary>The check in force and its latest result. What is checked may follow from the cluster's services, so that it starts
/// with the first answer to GetConfig and starts anew when a later one names other ports.</summary>
/// <param name="changed">Called with each report that changes something; from any thread.</param>
internal sealed class NodeChecks(NodeOptions options, TimeProvider time, Action<ServiceReport> changed) : IAsyncDisposable
{
    private ImmutableArray<PortTarget> _ports;
    private Running? _running;

    /// <summary>Makes sure that the right check runs, and waits for its first result.</summary>
    /// <param name="own">The node's own address.</param>
    public async Task<ServiceReport> UseAsync(IEnumerable<ServiceConfig> services, IPAddress own, CancellationToken cancellationToken)
    {
        HealthCheckOptions settings = options.HealthCheck;
        bool isFixed = settings.Http is not null || !settings.Exec.IsEmpty;
        ImmutableArray<PortTarget> ports = isFixed ? [] : CheckPlan.Ports(options, services, own);
        if (_running is null || !ports.SequenceEqual(_ports))
        {
            await DisposeAsync();
            _ports = ports;
            _running = Start(settings, ports);
        }
        await _running.First.WaitAsync(cancellationToken);
        return _running.Latest;
    }

    public async ValueTask DisposeAsync()
    {
        if (_running is not { } running)
            return;
        _running = null;
        await running.DisposeAsync();
    }

    private Running Start(HealthCheckOptions settings, ImmutableArray<PortTarget> ports)
    {
        IServiceCheck check = settings switch
        {
            { Http: { } target } => new HttpServiceCheck(target),
            { Exec.IsEmpty: false } => new ExecServiceCheck(settings.Exec),
            // Nothing to connect to, for UDP services alone: a node that runs is taken to serve.
            _ => new TcpServiceCheck(ports),
        };
        return new Running(check, settings, time, changed);
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly IServiceCheck _check;
        private readonly Action<ServiceReport> _changed;
        private readonly Task _run;

        public Running(IServiceCheck check, HealthCheckOptions settings, TimeProvider time, Action<ServiceReport> changed)
        {
            _check = check;
            _changed = changed;
            _run = new ServiceMonitor(check, settings.Interval, settings.Timeout, time, Take).RunAsync(_stop.Token);
        }

        public Task First => _first.Task;

        public ServiceReport Latest { get; private set; } = ServiceReport.Serving;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            (_check as IDisposable)?.Dispose();
            _stop.Dispose();
        }

        private void Take(ServiceReport report)
        {
            Latest = report;
            _changed(report);
            _first.TrySetResult();
        }
    }
}
