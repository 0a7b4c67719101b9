using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Tracing;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Kernel;

/// <summary>
/// The programs a second time, on the same maps, so that they tell of packets. Those that forward otherwise do not even ask whether they should,
/// so that nobody pays for it while nobody traces.
/// </summary>
internal sealed class TracingPrograms : IDisposable
{
    private readonly BpfMap filter;
    private readonly BpfMap scratch;
    private readonly BpfMap traces;
    private BpfRingBuffer? ring;

    private TracingPrograms(BpfObject obj, PublicHook hook)
    {
        Public = obj.OpenProgram(GaleObject.Public(hook));
        TcPrivate = obj.OpenProgram(GaleObject.TcPrivate);
        filter = obj.OpenMap("trace_filter");
        scratch = obj.OpenMap("trace_scratch");
        traces = obj.OpenMap("traces");
    }

    public BpfProgram Public { get; }

    public BpfProgram TcPrivate { get; }

    public ulong Lost
    {
        get
        {
            ulong lost = 0;
            foreach (GaleTraceScratch cpu in ReadScratch()) lost += cpu.Lost;
            return lost;
        }
    }

    /// <summary>To be attached in the place of the others.</summary>
    /// <exception cref="DataPlaneException">The kernel refused.</exception>
    public static TracingPrograms LoadForTrace(DataPlaneOptions options, PinDirectory pins, PacketFilter wanted)
    {
        using BpfObject obj = ProgramSet.LoadTraced(options, pins, explain: false);
        TracingPrograms loaded = new(obj, options.PublicHook);
        try
        {
            loaded.filter.Update(0u, TraceRecords.Encode(wanted));
            loaded.ring = new BpfRingBuffer(loaded.traces);
            return loaded;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>To be asked by test-run: they write none of the maps that are shared.</summary>
    /// <exception cref="DataPlaneException">The kernel refused.</exception>
    public static TracingPrograms LoadForExplaining(DataPlaneOptions options, PinDirectory pins)
    {
        using BpfObject obj = ProgramSet.LoadTraced(options, pins, explain: true);
        return new TracingPrograms(obj, options.PublicHook);
    }

    /// <summary>Records that were told since the last call. Not thread-safe.</summary>
    public IReadOnlyList<byte[]> TakeTold() => ring!.TakeAll();

    /// <summary>Not thread-safe.</summary>
    /// <exception cref="BpfException">The kernel refused to run the program.</exception>
    public PacketDecision Explain(Protocol protocol, System.Net.IPEndPoint source, System.Net.IPEndPoint destination, bool opening)
    {
        const int Growth = 256;
        byte[] frame = ProbeFrame.Build(protocol, source, destination, opening);
        scratch.UpdateBytes(new byte[sizeof(uint)], new byte[scratch.UserValueSize]);
        Public.TestRun(frame, new byte[frame.Length + Growth]);
        foreach (GaleTraceScratch cpu in ReadScratch())
        {
            if (cpu.Packet.AtNs != 0) return TraceRecords.Decision(cpu.Packet);
        }

        throw new InvalidOperationException("the program was run and noted nothing");
    }

    public void Dispose()
    {
        Public.Dispose();
        TcPrivate.Dispose();
        ring?.Dispose();
        filter.Dispose();
        scratch.Dispose();
        traces.Dispose();
    }

    private GaleTraceScratch[] ReadScratch()
    {
        GaleTraceScratch[] perCpu = new GaleTraceScratch[BpfObject.PossibleCpus];
        scratch.TryLookUpPerCpu(0u, perCpu.AsSpan());
        return perCpu;
    }
}
