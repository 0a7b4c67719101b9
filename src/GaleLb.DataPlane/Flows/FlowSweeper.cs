using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Flows;

/// <summary>
/// Runs the sweeps of both flow maps on a thread of its own: a bounded step, then a pause, so that a whole walk takes about
/// <see cref="WalkTime"/> and no step holds a core for long.
/// </summary>
internal sealed class FlowSweeper : IDisposable
{
    public static readonly TimeSpan WalkTime = TimeSpan.FromSeconds(5);
    private const int StepSize = 2048;
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(5);

    private readonly FlowSweep established;
    private readonly FlowSweep halfOpen;
    private readonly TimeProvider time;
    private readonly TimeSpan pause;
    private readonly Action afterStep;
    private readonly ManualResetEventSlim stop = new();
    private readonly Thread thread;
    private volatile string? failure;

    /// <param name="afterStep">Other small work to be done now and then; called between steps.</param>
    public FlowSweeper(BpfMap flows, BpfMap halfOpenFlows, FlowTimeouts timeouts, TimeProvider time, Action afterStep)
    {
        established = new FlowSweep(new KernelFlowTable(flows), timeouts, StepSize);
        halfOpen = new FlowSweep(new KernelFlowTable(halfOpenFlows), timeouts, StepSize);
        this.time = time;
        this.afterStep = afterStep;
        long steps = Math.Max(1, Math.Max(flows.Info.MaxEntries, halfOpenFlows.Info.MaxEntries) / StepSize);
        TimeSpan even = WalkTime / steps;
        pause = even < PauseMin ? PauseMin : even > TimeSpan.FromMilliseconds(500) ? TimeSpan.FromMilliseconds(500) : even;
        thread = new Thread(Run) { IsBackground = true, Name = "flow sweeper" };
    }

    /// <summary>Why it ended before its time; null while it runs.</summary>
    public string? Failure => failure;

    public SweeperCounters Counters => new(
        established.Flows, halfOpen.Flows, established.Expired + halfOpen.Expired, established.Orphans + halfOpen.Orphans, established.Walks);

    public void Start() => thread.Start();

    public void Dispose()
    {
        stop.Set();
        if (thread.IsAlive) thread.Join();
        stop.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!stop.Wait(pause))
            {
                uint now = MonotonicClock.Milliseconds(time);
                established.Step(now);
                halfOpen.Step(now);
                afterStep();
            }
        }
        catch (BpfException e)
        {
            failure = $"expired flows are no longer removed: {e.Message}";
        }
    }
}
