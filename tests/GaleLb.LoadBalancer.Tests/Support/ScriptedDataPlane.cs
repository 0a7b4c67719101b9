using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Tracing;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Tests.Support;

/// <summary>A data plane in memory whose flows, decisions and traces a test writes.</summary>
internal sealed class ScriptedDataPlane(IDataPlane inner) : IDataPlane
{
    public ImmutableArray<FlowRow> Flows { get; set; } = [];

    /// <summary>The last filter that flows were asked for with.</summary>
    public FlowFilter? AskedFor { get; private set; }

    public PacketDecision? Decision { get; set; }

    /// <summary>What a trace tells at each look, one array a look; then nothing.</summary>
    public Queue<ImmutableArray<TracedPacket>> Told { get; } = [];

    public PacketFilter? TracedBy { get; private set; }

    public ScriptedTrace? Running { get; private set; }

    public DataPlaneStatus Status => inner.Status;

    public ApplyResult Apply(ForwardingTable table) => inner.Apply(table);

    public Counters ReadCounters() => inner.ReadCounters();

    public BlockCounter ReadBlock(ClientPrefix prefix) => inner.ReadBlock(prefix);

    public ImmutableArray<FlowRow> ListFlows(FlowFilter filter, int limit)
    {
        AskedFor = filter;
        return [.. Flows.Take(limit)];
    }

    public FlowRow? FindFlow(Protocol protocol, IPEndPoint client, IPEndPoint service) =>
        Flows.FirstOrDefault(f => f.Protocol == protocol && f.Client.Equals(client) && f.Service.Equals(service));

    public PacketDecision? Explain(Protocol protocol, IPEndPoint client, IPEndPoint service, bool opening) => Decision;

    public IPacketTrace? TryTrace(PacketFilter wanted)
    {
        if (Running is { Ended: false })
            return null;
        TracedBy = wanted;
        return Running = new ScriptedTrace(Told);
    }

    public void ConfirmControl() => inner.ConfirmControl();

    public void RefuseNewFlows(bool on) => inner.RefuseNewFlows(on);

    public void Stop() => inner.Stop();

    public void Dispose() => inner.Dispose();

    internal sealed class ScriptedTrace(Queue<ImmutableArray<TracedPacket>> told) : IPacketTrace
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool Ended => _ended.Task.IsCompleted;

        /// <summary>Done once it has been disposed of.</summary>
        public Task Ending => _ended.Task;

        public ulong Lost => 3;

        public ImmutableArray<TracedPacket> Take() => told.TryDequeue(out ImmutableArray<TracedPacket> next) ? next : [];

        public void Dispose() => _ended.TrySetResult();
    }
}
