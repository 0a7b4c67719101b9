using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Kernel;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;

namespace GaleLb.DataPlane.Decapsulation;

/// <summary>
/// The program of a node, on one interface, in XDP or in TC: it takes packets for held service addresses out of those that replicas put around
/// them (L3). Not pinned: it goes with this object, and with the process however that ends.
/// </summary>
/// <remarks>Acts in the network namespace of the thread that makes it. Not thread-safe.</remarks>
public sealed class Decapsulator : IDisposable
{
    private readonly BpfMap addresses;
    private readonly BpfMap outcomes;
    private readonly BpfProgram program;
    private readonly IDisposable hook;
    private readonly Dictionary<GaleAddress, GaleNodeRole> held = [];

    private Decapsulator(BpfMap addresses, BpfMap outcomes, BpfProgram program, IDisposable hook, XdpMode mode)
    {
        this.addresses = addresses;
        this.outcomes = outcomes;
        this.program = program;
        this.hook = hook;
        Mode = mode;
    }

    public XdpMode Mode { get; }

    /// <param name="device">Where the packets come in.</param>
    /// <param name="isInTc">The program is to see them in TC, not in XDP.</param>
    /// <param name="warnings">Receives what is not as it should be, as that only generic XDP could be had.</param>
    /// <exception cref="DataPlaneException">No privilege, a kernel too old, or another XDP program is on the interface.</exception>
    public static Decapsulator Attach(Link device, bool isInTc, List<string> warnings)
    {
        HostRequirements.Check();
        if (isInTc) HostRequirements.CheckTcLink(Environment.OSVersion.Version);
        using Rollback rollback = new();
        using BpfObject loading = GaleNodeObject.Open();
        try
        {
            loading.SkipProgram(isInTc ? GaleNodeObject.XdpUnwrap : GaleNodeObject.TcUnwrap);
            loading.Load();
            BpfProgram unwrap = Undone(loading.OpenProgram(isInTc ? GaleNodeObject.TcUnwrap : GaleNodeObject.XdpUnwrap));
            BpfMap roles = Undone(loading.OpenMap(GaleNodeObject.Addresses));
            BpfMap counters = Undone(loading.OpenMap(GaleNodeObject.Outcomes));
            XdpHook? xdp = isInTc ? null : XdpHook.Attach(unwrap, device, pin: null, XdpMode.Auto, warnings, rollback);
            IDisposable attached = xdp is null ? BpfLink.AttachTc(unwrap, device.Ifindex) : xdp;
            rollback.Keep();
            return new Decapsulator(roles, counters, unwrap, attached, xdp?.Mode ?? XdpMode.Tc);
        }
        catch (BpfException e)
        {
            throw new DataPlaneException($"the kernel refused the node's packet program: {e.Message}", e);
        }

        T Undone<T>(T opened)
            where T : IDisposable
        {
            rollback.OnFailure(opened.Dispose);
            return opened;
        }
    }

    /// <summary>From now on, what is sent to an own address is unwrapped when what is inside is for a service address.</summary>
    public void Hold(IPAddress own, ImmutableArray<IPAddress> services)
    {
        Dictionary<GaleAddress, GaleNodeRole> wanted = services.Distinct().ToDictionary(GaleAddress.From, _ => GaleNodeRole.Service);
        GaleAddress end = GaleAddress.From(own);
        wanted[end] = wanted.GetValueOrDefault(end) | GaleNodeRole.TunnelEnd;
        foreach ((GaleAddress address, GaleNodeRole role) in wanted)
        {
            if (held.GetValueOrDefault(address) == role) continue;
            addresses.Update(address, role);
            held[address] = role;
        }

        foreach (GaleAddress address in held.Keys.Except(wanted.Keys).ToArray())
        {
            addresses.Delete(address);
            held.Remove(address);
        }
    }

    /// <summary>Packets by what became of them, since the program was attached.</summary>
    public ImmutableSortedDictionary<GaleNodeOutcome, ulong> ReadPackets()
    {
        GaleCounter[] perCpu = new GaleCounter[BpfObject.PossibleCpus];
        ImmutableSortedDictionary<GaleNodeOutcome, ulong>.Builder packets = ImmutableSortedDictionary.CreateBuilder<GaleNodeOutcome, ulong>();
        foreach (GaleNodeOutcome outcome in Enum.GetValues<GaleNodeOutcome>())
        {
            outcomes.TryLookUpPerCpu((uint)outcome, perCpu.AsSpan());
            packets[outcome] = perCpu.Aggregate(0ul, (sum, one) => sum + one.Packets);
        }

        return packets.ToImmutable();
    }

    public void Dispose()
    {
        hook.Dispose();
        program.Dispose();
        addresses.Dispose();
        outcomes.Dispose();
    }
}
