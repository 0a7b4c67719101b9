using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Flows;

/// <summary>
/// Runs the sweeps of both flow maps on a thread of its own: a bounded step, then a pause, so that the walk over a full map takes
/// about <see cref="WalkTime"/> and no step holds a core for long. A walk over few flows ends in one step, which
/// still passes every bucket: <see cref="Rest"/> lies between two walks.
/// </summary>
internal sealed class FlowSweeper : IDisposable
{
    public static readonly TimeSpan WalkTime = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
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
            long establishedRested = 0, halfOpenRested = 0;
            while (!stop.Wait(pause))
            {
                Walk(established, ref establishedRested);
                Walk(halfOpen, ref halfOpenRested);
                afterStep();
            }
        }
        catch (BpfException e)
        {
            failure = $"expired flows are no longer removed: {e.Message}";
        }
    }

    /// <param name="rested">The time stamp from which on the next walk may begin.</param>
    private void Walk(FlowSweep sweep, ref long rested)
    {
        long now = time.GetTimestamp();
        if (now >= rested && sweep.Step(MonotonicClock.Milliseconds(time)))
            rested = now + (long)(Rest.TotalSeconds * time.TimestampFrequency);
    }
}
