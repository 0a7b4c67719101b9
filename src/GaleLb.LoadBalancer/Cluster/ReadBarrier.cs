using GaleLb.Replica;

namespace GaleLb.LoadBalancer.Cluster;

/// <summary>Lets a read wait until this replica has applied all that was committed when the read came.</summary>
internal static class ReadBarrier
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>False when no leader confirmed it in time.</summary>
    public static async Task<bool> PassAsync(IReplica replica, CancellationToken cancellation)
    {
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(Timeout);
        try
        {
            while ((await replica.ReadBarrierAsync(timeout.Token)).Index is null)
                await Task.Delay(RetryDelay, timeout.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
