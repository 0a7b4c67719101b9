namespace GaleLb.LoadBalancer.Hosting;

/// <summary>Work done again and again until disposed. A round that fails unexpectedly is logged, and the next one comes.</summary>
internal abstract class PeriodicWork(TimeSpan interval, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    protected TimeProvider Time { get; } = time;

    protected ILogger Log { get; } = log;

    public void Start() => _running = Task.Run(() => RunAsync(_stop.Token));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>One round now, whether or not it has been started.</summary>
    internal ValueTask RunOnceAsync(CancellationToken stop) => RoundAsync(stop);

    protected abstract ValueTask RoundAsync(CancellationToken stop);

    private async Task RunAsync(CancellationToken stop)
    {
        using PeriodicTimer timer = new(interval, Time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            try
            {
                await RoundAsync(stop);
            }
            catch (Exception error) when (!stop.IsCancellationRequested)
            {
                Log.LogError(error, "{Work} failed; it is tried again", GetType().Name);
            }
        }
    }
}
