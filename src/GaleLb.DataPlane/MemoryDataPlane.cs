using System.Collections.Immutable;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Planning;
using GaleLb.State.Blocks;
using GaleLb.State.Forwarding;

namespace GaleLb.DataPlane;

/// <summary>
/// The data plane without a kernel (<c>xdp_mode = "off"</c>, and tests): tables are planned and kept, no packet is forwarded. Its maps can be
/// looked at.
/// </summary>
public sealed class MemoryDataPlane(DataPlaneOptions options, TimeProvider time) : IDataPlane
{
    private readonly Lock gate = new();
    private ForwardingTable? table;
    private bool disposed;

    /// <summary>What the kernel's maps would hold.</summary>
    public MapImage Image { get; } = new();

    public DataPlaneStatus Status
    {
        get
        {
            lock (gate)
            {
                ImmutableArray<InterfaceStatus> interfaces = options.OneInterface
                    ? [new InterfaceStatus(options.PublicInterface, 0, InterfaceRole.Both, XdpMode.Off, Attached: false)]
                    :
                    [
                        new InterfaceStatus(options.PublicInterface, 0, InterfaceRole.Public, XdpMode.Off, Attached: false),
                        new InterfaceStatus(options.PrivateInterface, 0, InterfaceRole.Private, XdpMode.Off, Attached: false),
                    ];
                return new DataPlaneStatus(
                    Attached: false, XdpMode.Off, interfaces, table?.Index, table?.Digest,
                    [.. (table?.Nodes ?? []).Select(n => new NextHopStatus(n.Index, n.Name, Resolved: false, "xdp_mode is off"))],
                    ["xdp_mode is off: this replica forwards no packets"]);
            }
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
                long now = (long)time.GetElapsedTime(0, started).TotalMilliseconds;
                LocalBinding binding = new(options.SelfAddresses.IsEmpty ? [System.Net.IPAddress.Loopback] : options.SelfAddresses);
                ImmutableArray<MapOperation> plan = Planner.Plan(Image, table, binding, now, graceMs: 0);
                foreach (MapOperation operation in plan) Image.Record(operation, now);
                this.table = table;
                return new ApplyResult(table.Index, table.Digest, plan.Length, time.GetElapsedTime(started), []);
            }
            catch (PlanException e)
            {
                throw new DataPlaneException($"table {table.Index.Value} could not be applied: {e.Message}", e);
            }
        }
    }

    public Counters ReadCounters()
    {
        lock (gate)
        {
            TrafficCounter none = new(0, 0, 0, 0, 0, 0);
            return new Counters(
                [.. Enum.GetValues<GaleReason>().Select(r => new ReasonCounter(SnakeCase.Of(r), 0, 0))],
                [.. (table?.Nodes ?? []).Select(n => new NodeCounter(n.Index, n.Name, none))],
                [.. (table?.Services ?? []).Select(s => new ServiceCounter(s.Id, s.Name, none))],
                default);
        }
    }

    public BlockCounter ReadBlock(ClientPrefix prefix) => default;

    /// <summary>What the kernel would track; nobody but a test puts anything here.</summary>
    public ImmutableArray<FlowRow> Flows { get; set; } = [];

    public ImmutableArray<FlowRow> ListFlows(int limit) => [.. Flows.Take(limit)];

    public FlowRow? FindFlow(Protocol protocol, System.Net.IPEndPoint client, System.Net.IPEndPoint service) =>
        Flows.FirstOrDefault(f => f.Protocol == protocol && f.Client.Equals(client) && f.Service.Equals(service));

    public void ConfirmControl()
    {
    }

    /// <summary>What <see cref="RefuseNewFlows"/> was told last.</summary>
    public bool RefusesNewFlows { get; private set; }

    public void RefuseNewFlows(bool on) => RefusesNewFlows = on;

    public void Stop() => Dispose();

    public void Dispose()
    {
        lock (gate) disposed = true;
    }
}
