using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;

namespace GaleLb.DataPlane.Flows;

/// <summary>
/// Has the kernel's program sweep the table of flows, on a thread of its own: a bounded step, then a pause, so that the walk over a full table
/// takes about <see cref="WalkTime"/> and no step holds a core for long. Sets without flows are passed quickly, so a walk over few takes far
/// less: <see cref="Rest"/> lies between two walks.
/// </summary>
internal sealed class FlowSweeper : IDisposable
{
    public static readonly TimeSpan WalkTime = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);
    private const int StepSize = 4096;
    private const int SlotBits = 5;
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(5);

    private readonly BpfProgram program;
    private readonly BpfMap counts;
    private readonly ulong end;
    private readonly TimeProvider time;
    private readonly TimeSpan pause;
    private readonly Action afterStep;
    private readonly ManualResetEventSlim stop = new();
    private readonly Thread thread;
    private volatile string? failure;
    private SweeperCounters counters;
    private GaleSweep seen;

    /// <param name="program">gale_sweep.</param>
    /// <param name="counts">The map sweep.</param>
    /// <param name="sets">Entries of flows.</param>
    /// <param name="afterStep">Other small work to be done now and then; called between steps.</param>
    public FlowSweeper(BpfProgram program, BpfMap counts, uint sets, TimeProvider time, Action afterStep)
    {
        this.program = program;
        this.counts = counts;
        end = (ulong)sets << SlotBits;
        this.time = time;
        this.afterStep = afterStep;
        TimeSpan even = WalkTime / Math.Max(1, end / StepSize);
        pause = even < PauseMin ? PauseMin : even > TimeSpan.FromMilliseconds(500) ? TimeSpan.FromMilliseconds(500) : even;
        thread = new Thread(Run) { IsBackground = true, Name = "flow sweeper" };
    }

    /// <summary>Why it ended before its time; null while it runs.</summary>
    public string? Failure => failure;

    public SweeperCounters Counters
    {
        get
        {
            lock (stop) return counters;
        }
    }

    public void Start() => thread.Start();

    public void Dispose()
    {
        stop.Set();
        if (thread.IsAlive) thread.Join();
        stop.Dispose();
    }

    /// <summary>One step. True when it ended a walk.</summary>
    public bool Step()
    {
        byte[] frame = new byte[64]; // an XDP program has to be given one, whatever it does
        try
        {
            program.TestRun(frame, frame, repeat: StepSize);
        }
        catch (BpfException e) when (e.Errno == Errno.EINTR)
        {
            // A signal for this thread ends a step early: the next goes on from there.
        }

        counts.TryLookUp(0u, out GaleSweep walked);
        bool ended = walked.Next >= end;
        if (ended) counts.Update(0u, default(GaleSweep));
        lock (stop)
        {
            counters = counters with { Expired = counters.Expired + (long)(walked.Expired - seen.Expired), Orphans = counters.Orphans + (long)(walked.Orphans - seen.Orphans) };
            if (ended) counters = counters with { Flows = (long)walked.Flows, HalfOpen = (long)walked.HalfOpen, Sweeps = counters.Sweeps + 1 };
        }

        seen = ended ? default : walked;
        return ended;
    }

    private void Run()
    {
        try
        {
            // The time stamp from which on the next walk may begin.
            long rested = 0;
            while (!stop.Wait(pause))
            {
                long now = time.GetTimestamp();
                if (now >= rested && Step()) rested = now + (long)(Rest.TotalSeconds * time.TimestampFrequency);
                afterStep();
            }
        }
        catch (BpfException e)
        {
            failure = $"expired flows are no longer removed: {e.Message}";
        }
    }
}
