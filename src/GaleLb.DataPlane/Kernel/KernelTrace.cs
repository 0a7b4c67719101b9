using System.Collections.Immutable;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Tracing;

namespace GaleLb.DataPlane.Kernel;

/// <summary>A trace in the kernel: its programs stand in the place of the others until it ends.</summary>
/// <param name="end">Puts the others back; called once.</param>
internal sealed class KernelTrace(TracingPrograms programs, TimeProvider time, Action end) : IPacketTrace
{
    private readonly Lock gate = new();
    private ulong lost;
    private bool ended;

    public ulong Lost
    {
        get
        {
            lock (gate) return ended ? lost : programs.Lost;
        }
    }

    public ImmutableArray<TracedPacket> Take()
    {
        lock (gate)
        {
            if (ended) return [];
            ulong now = MonotonicClock.Nanoseconds(time);
            return [.. programs.TakeTold().Select(record => TraceRecords.Describe(record, now))];
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (ended) return;
            ended = true;
            end();
            lost = programs.Lost;
            programs.Dispose();
        }
    }
}
