using System.Threading.Channels;
using GaleLb.DataPlane;
using GaleLb.LoadBalancer.Cluster;
using GaleLb.Raft;
using GaleLb.State;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Forwarding;

/// <summary>
/// Keeps this replica's kernel at the applied state: derives the table after every change and hands it to the data plane.
/// Changes that arrive while one is being written are taken together. Nothing is written before <see cref="Release"/>:
/// what a predecessor left in the kernel is newer than what a replica knows right after its start.
/// </summary>
internal sealed class TableReconciler : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(2);

    private readonly Func<ClusterState> _state;
    private readonly IDataPlane _dataPlane;
    private readonly TimeProvider _time;
    private readonly ILogger<TableReconciler> _log;
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly ForwardingTableBuilder _builder = new();
    private readonly CancellationTokenSource _stop = new();
    private volatile TableView _view;
    private volatile bool _released;
    private Task _running = Task.CompletedTask;

    public TableReconciler(ClusterMachine machine, IDataPlane dataPlane, TimeProvider time, ILogger<TableReconciler> log)
        : this(() => machine.State, dataPlane, time, log) => machine.WhenChanged(() => _signal.Writer.TryWrite(true));

    internal TableReconciler(Func<ClusterState> state, IDataPlane dataPlane, TimeProvider time, ILogger<TableReconciler> log)
    {
        (_state, _dataPlane, _time, _log) = (state, dataPlane, time, log);
        _view = new TableView(_builder.Next(ClusterState.Empty), InKernel: false, Error: null);
    }

    /// <summary>The newest derived table, and whether the kernel runs by it.</summary>
    public TableView View => _view;

    public void Start() => _running = Task.Run(() => RunAsync(_stop.Token));

    /// <summary>The state has caught up with the cluster: from now on the kernel follows it.</summary>
    public void Release()
    {
        _released = true;
        _signal.Writer.TryWrite(true);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        _signal.Writer.TryWrite(true);
        while (await _signal.Reader.WaitToReadAsync(stop))
        {
            _signal.Reader.TryRead(out _);
            long started = _time.GetTimestamp();
            bool taken = Reconcile();
            TimeSpan took = _time.GetElapsedTime(started);
            if (!taken)
                _signal.Writer.TryWrite(true);
            await Task.Delay(RestAfter(taken, took), _time, stop);
        }
    }

    /// <summary>
    /// As long as it took: with thousands of nodes a table is work for tens of milliseconds, and where many of them change at
    /// once the replica's other threads would get no processor.
    /// </summary>
    internal static TimeSpan RestAfter(bool taken, TimeSpan took) =>
        !taken || took > RetryDelay ? RetryDelay : took < ShortestRest ? TimeSpan.Zero : took;

    /// <summary>Derives the newest table and, once released, hands it to the kernel. False: the kernel did not take it.</summary>
    internal bool Reconcile()
    {
        // Asked before the state is read: a release vouches for states from then on, not for one that was read before it.
        bool released = _released;
        ClusterState state = _state();
        ForwardingTable table = _builder.Next(state);
        if (!released)
        {
            _view = new TableView(table, InKernel: false, Error: null);
            return true;
        }
        try
        {
            ApplyResult result = _dataPlane.Apply(table);
            foreach (string warning in result.Warnings)
                _log.LogWarning("Table {Index}: {Warning}", table.Index, warning);
            if (result.Operations > 0)
                _log.LogInformation(
                    "Table {Index} is in the kernel: {Operations} map operations in {Milliseconds:0.0} ms, digest {Digest}", table.Index,
                    result.Operations, result.Duration.TotalMilliseconds, table.Digest[..16]);
            _view = new TableView(table, InKernel: true, Error: null);
            return true;
        }
        catch (DataPlaneException error)
        {
            // The former table goes on forwarding; the next attempt completes this one.
            if (_view.Error != error.Message)
                _log.LogError("Table {Index} did not reach the kernel: {Reason}", table.Index, error.Message);
            _view = _view with { Error = error.Message };
            return false;
        }
    }
}

/// <summary>A table, whether the kernel forwards by it, and why the newest one does not reach it.</summary>
internal sealed record TableView(ForwardingTable Table, bool InKernel, string? Error)
{
    public LogIndex Index => Table.Index;
    public string Digest => Table.Digest;

    /// <summary>What the kernel forwards by, as far as this process wrote it; zero before its first table.</summary>
    public LogIndex KernelIndex => InKernel ? Index : LogIndex.Zero;
}
