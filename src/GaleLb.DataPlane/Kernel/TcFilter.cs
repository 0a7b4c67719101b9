using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;

namespace GaleLb.DataPlane.Kernel;

/// <summary>
/// A program at an interface's ingress: a filter of clsact with a fixed handle and priority, replaced in one step. Its program is
/// pinned, so that the next process knows the filter for its own.
/// </summary>
internal sealed class TcFilter : IPublicHook
{
    private const uint Handle = 1;

    /// <summary>On one interface for both sides clients' packets are asked about first, as XDP would be.</summary>
    private const uint PublicPriority = 0x6c61;
    private const uint PrivatePriority = 0x6c62;
    private const string MarkPrefix = "made-clsact-";

    private readonly PinDirectory pins;
    private readonly Link device;
    private readonly string pin;
    private readonly Lock exchange = new();
    private uint programId;

    private TcFilter(PinDirectory pins, string pin, Link device, uint programId)
    {
        this.pins = pins;
        this.pin = pin;
        this.device = device;
        this.programId = programId;
    }

    public XdpMode Mode => XdpMode.Tc;

    public bool IsAttached
    {
        get
        {
            lock (exchange) return Hook.Query(Handle, Priority) == programId;
        }
    }

    private TcHook Hook => new(device.Ifindex, TcAttachPoint.Ingress);

    private uint Priority => pin == pins.TcPublicProgram ? PublicPriority : PrivatePriority;

    private string Mark => MarkPrefix + device.Ifindex;

    /// <param name="pin">Which of the two filters it is: <see cref="PinDirectory.TcPublicProgram"/> or <see cref="PinDirectory.TcPrivateProgram"/>.</param>
    /// <exception cref="DataPlaneException">A filter that is not ours has the place.</exception>
    public static TcFilter Attach(BpfProgram program, Link device, PinDirectory pins, string pin, Rollback rollback)
    {
        TcFilter filter = new(pins, pin, device, program.Info.Id);
        BpfProgram? former = PinDirectory.Has(pin) ? BpfProgram.OpenPinned(pin) : null;
        bool madeQdisc = filter.Hook.Create();
        if (madeQdisc)
        {
            pins.SetMark(filter.Mark);
            rollback.OnFailure(() =>
            {
                filter.Hook.DestroyQdisc();
                pins.ClearMark(filter.Mark);
            });
        }

        uint? present = filter.Hook.Query(Handle, filter.Priority);
        if (present is not null && present != former?.Info.Id)
        {
            throw new DataPlaneException(
                $"interface {device.Name} already has a TC filter of handle {Handle} and priority {filter.Priority} that is not ours (program id {present}); "
                + $"see `tc filter show dev {device.Name} ingress`, or remove it with `tc filter del dev {device.Name} ingress pref {filter.Priority}`");
        }

        filter.Hook.Attach(program, Handle, filter.Priority);
        rollback.OnFailure(() =>
        {
            if (present is not null) filter.Hook.Attach(former!, Handle, filter.Priority);
            else filter.Hook.Detach(Handle, filter.Priority);
            former?.Dispose();
        });
        filter.PinProgram(program, former, rollback);
        return filter;
    }

    /// <summary>Puts another program in the place of <paramref name="former"/>; every packet sees one of the two.</summary>
    public void Exchange(BpfProgram program, BpfProgram former)
    {
        lock (exchange)
        {
            using Rollback rollback = new();
            Hook.Attach(program, Handle, Priority);
            rollback.OnFailure(() => Hook.Attach(former, Handle, Priority));
            PinProgram(program, former, rollback);
            programId = program.Info.Id;
            rollback.Keep();
        }
    }

    /// <summary>The filter that an earlier process left, by the program that it pinned; null where that is attached nowhere.</summary>
    public static TcFilter? FindLeft(PinDirectory pins, string pin, NetworkSnapshot network)
    {
        if (!PinDirectory.Has(pin)) return null;
        using BpfProgram program = BpfProgram.OpenPinned(pin);
        uint id = program.Info.Id;
        return network.Links.Select(l => new TcFilter(pins, pin, l, id)).FirstOrDefault(f => f.IsAttached);
    }

    /// <summary>Takes the filter away, and the clsact qdisc if it was made here and nobody else uses it.</summary>
    public void Detach(NetlinkSocket netlink)
    {
        Hook.Detach(Handle, Priority);
        if (pins.HasMark(Mark) && !HasFilters(netlink))
        {
            Hook.DestroyQdisc();
            pins.ClearMark(Mark);
        }

        PinDirectory.Remove(pin);
    }

    public void Detach()
    {
        using NetlinkSocket netlink = NetlinkSocket.Open();
        Detach(netlink);
    }

    /// <summary>Nothing of this process holds it: the kernel does.</summary>
    public void Dispose()
    {
    }

    private bool HasFilters(NetlinkSocket netlink)
    {
        int count = 0;
        foreach (uint parent in new[] { NetlinkRequests.ClsactIngress, NetlinkRequests.ClsactEgress })
        {
            netlink.Request(
                NetlinkRequests.DumpFilters(device.Ifindex, parent),
                (in NetlinkMessage m) => count += m.Type == NetlinkType.NewFilter ? 1 : 0,
                $"list the filters of {device.Name}");
        }

        return count > 0;
    }

    private void PinProgram(BpfProgram program, BpfProgram? former, Rollback rollback)
    {
        // A crash between the two pins leaves a filter whose program is pinned under the temporary name only: Attach would call it foreign. So the
        // new pin is made first and renamed over the old one.
        string fresh = pin + "_new";
        PinDirectory.Remove(fresh);
        program.Pin(fresh);
        File.Move(fresh, pin, overwrite: true);
        rollback.OnFailure(() =>
        {
            PinDirectory.Remove(pin);
            former?.Pin(pin);
        });
    }
}
