using System.Threading.Channels;
using GaleLb.Node.Checks;
using GaleLb.Node.Heartbeats;
using GaleLb.Rpc.V1;
using GaleLb.Testing;

namespace GaleLb.Node.Tests.Checks;

public sealed class ServiceMonitorTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);
    private static readonly ServiceReport Failing = new(ServingStatus.NotServing, [], "port closed");

    [Fact]
    public async Task RunAsync_SameResultAgain_IsToldOnce()
    {
        Fixture fixture = new();
        fixture.Results.Enqueue(ServiceReport.Serving);
        fixture.Results.Enqueue(ServiceReport.Serving);
        fixture.Results.Enqueue(Failing);
        fixture.Results.Enqueue(Failing with { Detail = "other words" });
        fixture.Results.Enqueue(ServiceReport.Serving);

        await fixture.RunUntilDrainedAsync();

        fixture.Told.Should().Equal(ServiceReport.Serving, Failing, ServiceReport.Serving);
    }

    [Fact]
    public async Task RunAsync_CheckHangs_FailsAtTheTimeout()
    {
        Fixture fixture = new() { Hangs = true };
        using CancellationTokenSource stop = new();
        Task run = fixture.Monitor.RunAsync(stop.Token);
        await fixture.Checked.Reader.ReadAsync().AsTask().WaitAsync(Watchdog);

        fixture.Time.Advance(TimeSpan.FromSeconds(1));

        await fixture.Time.UntilAsync(() => fixture.Told.Count > 0).WaitAsync(Watchdog);
        fixture.Told.Single().Should().Match<ServiceReport>(r => r.Status == ServingStatus.NotServing && r.Detail == "the check has not ended within 1000 ms");
        await stop.CancelAsync();
        await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
    }

    private sealed class Fixture : IServiceCheck
    {
        public Fixture() => Monitor = new ServiceMonitor(this, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), Time, Told.Add);

        public ManualTime Time { get; } = new();

        public Queue<ServiceReport> Results { get; } = new();

        public List<ServiceReport> Told { get; } = [];

        public Channel<bool> Checked { get; } = Channel.CreateUnbounded<bool>();

        public bool Hangs { get; init; }

        public ServiceMonitor Monitor { get; }

        public async Task<ServiceReport> CheckAsync(CancellationToken cancellationToken)
        {
            Checked.Writer.TryWrite(true);
            if (Hangs)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            return Results.Dequeue();
        }

        public async Task RunUntilDrainedAsync()
        {
            using CancellationTokenSource stop = new();
            int checks = Results.Count;
            Task run = Monitor.RunAsync(stop.Token);
            for (int i = 1; i <= checks; i++)
            {
                await Checked.Reader.ReadAsync().AsTask().WaitAsync(Watchdog);
                // The wait for the next check has been set.
                await Time.UntilAsync(() => Results.Count == checks - i && Time.Pending == 1).WaitAsync(Watchdog);
                if (i < checks)
                    Time.Advance(TimeSpan.FromSeconds(2));
            }
            await stop.CancelAsync();
            await run.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        }
    }
}
