using GaleLb.Replica.Driver;
using GaleLb.Replica.Storage;

namespace GaleLb.Replica.Execution;

/// <summary>A thread that executes one lane's batches, one at a time: disk waits would otherwise hold up heartbeats.</summary>
internal sealed class DiskWorker : IDisposable
{
    private readonly object _gate = new();
    private readonly IDisk _disk;
    private readonly Action<ReplicaEvent> _report;
    private readonly Action<Exception> _crashed;
    private readonly Thread _thread;
    private DiskBatch? _batch;
    private bool _stopping;

    public DiskWorker(string name, IDisk disk, Action<ReplicaEvent> report, Action<Exception> crashed)
    {
        _disk = disk;
        _report = report;
        _crashed = crashed;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    public void Submit(DiskBatch batch)
    {
        lock (_gate)
        {
            _batch = batch;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits for the batch under way, then ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        try
        {
            while (Next() is { } batch)
                _report(batch.Execute(_disk) is { } failure ? ReplicaEvent.DiskFailed(batch.Lane, failure) : ReplicaEvent.DiskCompleted(batch.Lane));
        }
        catch (Exception e)
        {
            // Whatever it was, the lane has stopped and the replica must not go on without it.
            _crashed(e);
        }
    }

    private DiskBatch? Next()
    {
        lock (_gate)
        {
            while (_batch is null && !_stopping)
                Monitor.Wait(_gate);
            DiskBatch? batch = _batch;
            _batch = null;
            return batch;
        }
    }
}
