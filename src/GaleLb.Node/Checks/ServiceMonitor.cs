using GaleLb.Node.Heartbeats;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Checks;

/// <summary>Checks the node's service again and again, and tells each change of the result.</summary>
/// <param name="changed">Called with the first report and then with each one that is not alike, one at a time.</param>
internal sealed class ServiceMonitor(IServiceCheck check, TimeSpan interval, TimeSpan timeout, TimeProvider time, Action<ServiceReport> changed)
{
    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        ServiceReport? told = null;
        while (true)
        {
            long started = time.GetTimestamp();
            ServiceReport report = await CheckAsync(stop);
            if (told is null || !told.IsAlike(report))
            {
                told = report;
                changed(report);
            }
            TimeSpan left = interval - time.GetElapsedTime(started);
            if (left > TimeSpan.Zero)
                await Task.Delay(left, time, stop);
        }
    }

    private async Task<ServiceReport> CheckAsync(CancellationToken stop)
    {
        using CancellationTokenSource limit = new(timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            return await check.CheckAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new ServiceReport(ServingStatus.NotServing, [], $"the check has not ended within {timeout.TotalMilliseconds:0} ms");
        }
    }
}
