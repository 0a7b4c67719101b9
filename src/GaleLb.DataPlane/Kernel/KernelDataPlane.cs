using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using GaleLb.DataPlane.Flows;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;
using GaleLb.DataPlane.NextHops;
using GaleLb.DataPlane.Planning;
using GaleLb.DataPlane.Tracing;
using GaleLb.Raft;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane.Kernel;

/// <summary>The kernel's data plane: programs attached to the interfaces of this network namespace, maps pinned under a bpffs.</summary>
public sealed class KernelDataPlane : IDataPlane
{
    /// <summary>Far longer than any packet is inside a program.</summary>
    private static readonly TimeSpan RingGrace = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();

    /// <summary>For the dead man's deadline alone: a table that takes its time must not hold up a sign of life. Taken inside of gate, never around it.</summary>
    private readonly Lock deadline = new();
    private readonly DataPlaneOptions options;
    private readonly TimeProvider time;
    private readonly PinDirectory pins;
    private readonly ProgramSet programs;
    private readonly Attachments attachments;
    private readonly NextHopMonitor nextHops;
    private readonly BpfMappedArray flowMemory;
    private readonly FlowTable flows;
    private readonly FlowSweeper sweeper;
    private readonly MapImage image;
    private readonly LocalBinding binding;
    private readonly PortRange sourcePorts;
    private readonly ImmutableArray<string> startWarnings;
    private ForwardingTable? table;
    private ImmutableArray<string> tableWarnings = [];
    private readonly Lock explaining = new();
    private TracingPrograms? explainer;
    private KernelTrace? tracing;
    private bool traceClaimed;
    private string? traceFailure;
    private bool refusesNewFlows;
    private bool stopping;
    private bool disposed;

    private KernelDataPlane(DataPlaneOptions options, TimeProvider time, Rollback rollback)
    {
        this.options = options;
        this.time = time;
        List<string> warnings = [];

        HostRequirements.Check();
        NetworkSnapshot network;
        using (NetlinkSocket netlink = NetlinkSocket.Open()) network = NetworkSnapshot.Read(netlink);
        Link publicLink = FindLink(network, options.PublicInterface, "public");
        Link privateLink = FindLink(network, options.PrivateInterface, "private");
        ImmutableArray<IPAddress> sources = ConfigValue.Sources(options, privateLink, network);
        binding = new LocalBinding(SelfAddresses(publicLink, network));

        pins = PinDirectory.Open(options.PinDirectory, rollback);
        programs = ProgramSet.Load(options, pins, rollback);
        rollback.OnFailure(programs.Dispose);
        KernelMaps maps = programs.Maps;

        RestoreSettingsOnFailure(maps, rollback);
        sourcePorts = ChooseSourcePorts(maps);
        GaleConfig config = ConfigValue.Build(options, publicLink, privateLink, sources, sourcePorts);

        // Blocks that an earlier process left hold until a table says otherwise, and its flows are found by its seed.
        maps.Config.TryLookUp(0u, out GaleConfig earlier);
        config.Flags |= earlier.Flags & GaleConfigFlag.Blocks;
        config.FlowSets = maps.Flows.Info.MaxEntries;
        config.FlowSeed = earlier.FlowSets == config.FlowSets ? earlier.FlowSeed : (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
        maps.ControlPorts.Update(0u, ConfigValue.ControlPorts(options));
        ConfirmControl();
        maps.Config.Update(0u, config);
        image = maps.ReadImage(NowMs());

        attachments = Attachments.Attach(programs, options, publicLink, privateLink, pins, warnings, rollback);
        nextHops = new NextHopMonitor([.. sources], maps.WriteNextHops, InheritNextHop, publicLink, maps.SetPublicMtu, time);
        rollback.OnFailure(nextHops.Dispose);
        flowMemory = maps.Flows.MapMemory();
        rollback.OnFailure(flowMemory.Dispose);
        flows = new FlowTable(flowMemory, config.FlowSeed);
        sweeper = new FlowSweeper(programs.Sweep, maps.Sweep, config.FlowSets, time, ReleaseRings);
        startWarnings = [.. warnings];
    }

    public DataPlaneStatus Status
    {
        get
        {
            ImmutableArray<InterfaceStatus> interfaces = attachments.Status();
            string?[] failures = [nextHops.Failure, sweeper.Failure, traceFailure];
            lock (gate)
            {
                return new DataPlaneStatus(
                    interfaces.All(i => i.Attached),
                    interfaces[0].Mode,
                    interfaces,
                    table?.Index,
                    table?.Digest,
                    nextHops.Status,
                    [.. startWarnings, .. tableWarnings, .. failures.OfType<string>()]);
            }
        }
    }

    /// <summary>Attaches the programs, or takes over what an earlier process left under the same pins.</summary>
    /// <exception cref="DataPlaneException">What is missing, in words. The machine's network is as it was.</exception>
    public static KernelDataPlane Start(DataPlaneOptions options, TimeProvider time)
    {
        using Rollback rollback = new();
        try
        {
            KernelDataPlane started = new(options, time, rollback);
            started.nextHops.Start();
            started.sweeper.Start();
            started.attachments.DetachUnused(started.pins);
            rollback.Keep();
            return started;
        }
        catch (BpfException e)
        {
            throw new DataPlaneException($"the data plane cannot start: {e.Message}", e);
        }
    }

    public ApplyResult Apply(ForwardingTable table)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            long started = time.GetTimestamp();
            try
            {
                ImmutableArray<MapOperation> plan = Planner.Plan(image, table, binding, NowMs(), (long)RingGrace.TotalMilliseconds);

                Execute(plan, table);
                this.table = table;
                tableWarnings = Warn(table);
                return new ApplyResult(table.Index, table.Digest, plan.Length, time.GetElapsedTime(started), tableWarnings);
            }
            catch (Exception e) when (e is PlanException or BpfException)
            {
                throw new DataPlaneException($"table {table.Index.Value} could not be applied: {e.Message}", e);
            }
        }
    }

    public Counters ReadCounters()
    {
        ForwardingTable? current;
        lock (gate) current = table;
        return CounterReader.Read(programs.Maps, current, sweeper.Counters);
    }

    public BlockCounter ReadBlock(ClientPrefix prefix) => CounterReader.ReadBlock(programs.Maps, prefix);

    public ImmutableArray<FlowRow> ListFlows(FlowFilter filter, int limit) =>
        FlowListing.Read(flows, filter, limit, MonotonicClock.Milliseconds(time));

    public FlowRow? FindFlow(Protocol protocol, IPEndPoint client, IPEndPoint service) =>
        FlowListing.Find(flows, protocol, client, service, MonotonicClock.Milliseconds(time));

    public PacketDecision? Explain(Protocol protocol, IPEndPoint client, IPEndPoint service, bool opening)
    {
        lock (explaining)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            try
            {
                explainer ??= TracingPrograms.LoadForExplaining(options, pins);
                return explainer.Explain(protocol, client, service, opening);
            }
            catch (BpfException e)
            {
                throw new DataPlaneException($"the kernel cannot be asked: {e.Message}", e);
            }
        }
    }

    public IPacketTrace? TryTrace(PacketFilter wanted)
    {
        if (Interlocked.Exchange(ref traceClaimed, true)) return null;
        TracingPrograms? loaded = null;
        KernelTrace? started = null;
        try
        {
            // The verifier takes its time: tables and status must not wait for it.
            loaded = TracingPrograms.LoadForTrace(options, pins, wanted);
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(disposed || stopping, this);
                attachments.Exchange((loaded.Public, loaded.TcPrivate), (programs.Public, programs.TcPrivate));
                traceFailure = null;
                tracing = started = new KernelTrace(loaded, time, () => EndTrace(loaded));
                return started;
            }
        }
        catch (Exception e) when (e is BpfException or IOException)
        {
            throw new DataPlaneException($"packets cannot be traced: {e.Message}", e);
        }
        finally
        {
            if (started is null)
            {
                loaded?.Dispose();
                Volatile.Write(ref traceClaimed, false);
            }
        }
    }

    public void ConfirmControl()
    {
        if (options.DeadMan is not { } limit) return;
        lock (deadline)
        {
            if (refusesNewFlows) return;
            programs.Maps.DeadMan.Update(0u, MonotonicClock.Nanoseconds(time) + (ulong)(limit.TotalMilliseconds * 1_000_000));
        }
    }

    public void RefuseNewFlows(bool on)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (on == refusesNewFlows) return;
            lock (deadline)
            {
                refusesNewFlows = on;
                if (on) programs.Maps.DeadMan.Update(0u, 0ul);
            }

            programs.Maps.SetFlag(GaleConfigFlag.DeadMan, on || options.DeadMan is not null);
        }

        ConfirmControl();
    }

    public void Stop()
    {
        lock (gate) stopping = true;
        CurrentTrace?.Dispose();
        lock (gate)
        {
            if (disposed) return;
            if (options.OnExit == ExitPolicy.Detach)
            {
                attachments.Detach();
                pins.RemoveAll();
            }
        }

        Dispose();
    }

    public void Dispose()
    {
        lock (gate) stopping = true;
        CurrentTrace?.Dispose();
        lock (gate)
        {
            if (disposed) return;
            disposed = true;
        }

        lock (explaining) explainer?.Dispose();
        sweeper.Dispose();
        flowMemory.Dispose();
        nextHops.Dispose();
        attachments.Dispose();
        programs.Dispose();
    }

    private KernelTrace? CurrentTrace
    {
        get
        {
            lock (gate) return tracing;
        }
    }

    /// <summary>Called by the trace that ends.</summary>
    private void EndTrace(TracingPrograms loaded)
    {
        lock (gate)
        {
            tracing = null;
            Volatile.Write(ref traceClaimed, false);
            try
            {
                attachments.Exchange((programs.Public, programs.TcPrivate), (loaded.Public, loaded.TcPrivate));
            }
            catch (Exception e) when (e is BpfException or IOException)
            {
                // They forward all the same, only slower; the next process puts its own in their place.
                traceFailure = $"programs that tell of packets are still attached: {e.Message}";
            }
        }
    }

    /// <summary>
    /// Next hops of new nodes are written between the nodes and the services, so that no service points at a node without one. A place whose former
    /// holder still gets packets until the services move keeps its hop until then.
    /// </summary>
    private void Execute(ImmutableArray<MapOperation> plan, ForwardingTable next)
    {
        int switchAt = 0;
        while (switchAt < plan.Length && plan[switchAt] is not Planning.WriteService) switchAt++;
        programs.Maps.Execute(plan[..switchAt], image, NowMs());
        HashSet<NodeIndex> late = [.. plan[switchAt..].OfType<ClearNextHop>().Select(o => o.Index)];
        nextHops.SetNodes(late.Count == 0 ? next.Nodes : [.. next.Nodes.Where(n => !late.Contains(n.Index))]);
        programs.Maps.Execute(plan[switchAt..], image, NowMs());
        if (late.Count > 0) nextHops.SetNodes(next.Nodes);
    }

    private static Link FindLink(NetworkSnapshot network, string name, string side) =>
        network.Find(name) ?? throw new DataPlaneException(
            $"the {side} interface \"{name}\" does not exist; there are: {string.Join(", ", network.Links.Select(l => l.Name).Order(StringComparer.Ordinal))}");

    private ImmutableArray<IPAddress> SelfAddresses(Link publicLink, NetworkSnapshot network)
    {
        if (!options.SelfAddresses.IsEmpty) return options.SelfAddresses;
        ImmutableArray<IPAddress> own = [.. network.AddressesOf(publicLink.Ifindex).Where(a => a.IsGlobal).Select(a => a.Address)];
        return !own.IsEmpty ? own : throw new DataPlaneException(
            $"interface {publicLink.Name} has no address that clients could connect to; give it one, or list addresses under [public_interface]");
    }

    /// <summary>A start that fails beside an earlier process's programs must leave them as they were set.</summary>
    private void RestoreSettingsOnFailure(KernelMaps maps, Rollback rollback)
    {
        if (!programs.TookOver) return;
        maps.Config.TryLookUp(0u, out GaleConfig config);
        maps.ControlPorts.TryLookUp(0u, out GaleControlPorts ports);
        maps.DeadMan.TryLookUp(0u, out ulong deadline);
        rollback.OnFailure(() =>
        {
            maps.Config.Update(0u, config);
            maps.ControlPorts.Update(0u, ports);
            maps.DeadMan.Update(0u, deadline);
        });
    }

    private PortRange ChooseSourcePorts(KernelMaps maps)
    {
        PortRange? former = programs.TookOver && maps.Config.TryLookUp(0u, out GaleConfig config)
            ? new PortRange(config.PortFirst, config.PortLast)
            : null;
        return SourcePortRange.Choose(
            options.SourcePorts, former, SourcePortRange.ReadLocal(),
            [.. options.ProtectedPorts, .. options.ControlPorts, .. options.ServicePorts]);
    }

    /// <summary>A plan clears the hop of a place that changes hands, so what is there belongs to the node that the map names.</summary>
    private GaleNextHop InheritNextHop(NodeRow node)
    {
        GaleNode holder = image.Nodes[node.Index.Value];
        return holder.Address == GaleAddress.From(node.Address) && holder.Generation == node.Generation.Value
            && programs.Maps.NextHops.TryLookUp((uint)node.Index.Value, out GaleNextHop hop)
                ? hop
                : default;
    }

    private ImmutableArray<string> Warn(ForwardingTable current) =>
    [
        .. current.Services.Where(s => s.Address is null && options.OneInterface && sourcePorts.Contains(s.Port)).Select(
            s => $"service {s.Name}: port {s.Port} is among the source ports {sourcePorts} on the same interface; answers of nodes to it would be lost"),
    ];

    /// <summary>
    /// For each ring that it takes back the kernel waits until no packet can see it any more, some milliseconds; no table may have to wait for that.
    /// </summary>
    private void ReleaseRings()
    {
        RingSlot[] slots;
        lock (gate)
        {
            long now = NowMs();
            slots = [.. image.Retired.Where(r => now - r.Value >= (long)RingGrace.TotalMilliseconds).Select(r => r.Key)];
            foreach (RingSlot slot in slots) image.Retired[slot] = MapImage.Releasing;
        }

        if (slots.Length == 0) return;
        try
        {
            programs.Maps.ReleaseRings(slots);
        }
        catch (BpfException)
        {
            lock (gate)
            {
                foreach (RingSlot slot in slots) image.Retired[slot] = NowMs();
            }

            throw;
        }

        lock (gate)
        {
            foreach (RingSlot slot in slots) image.Retired.Remove(slot);
        }
    }

    private long NowMs() => (long)(MonotonicClock.Nanoseconds(time) / 1_000_000);
}
