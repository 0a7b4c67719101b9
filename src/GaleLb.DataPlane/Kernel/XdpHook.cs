using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;

namespace GaleLb.DataPlane.Kernel;

/// <summary>An XDP program on one interface, held by a pinned link, or by this process alone where it is to go with it.</summary>
internal sealed class XdpHook : IPublicHook
{
    private readonly BpfLink link;
    private readonly string? pin;
    private readonly Link device;
    private readonly Lock exchange = new();
    private uint programId;

    private XdpHook(BpfLink link, string? pin, Link device, BpfProgram program)
    {
        this.link = link;
        this.pin = pin;
        this.device = device;
        programId = program.Info.Id;
        Mode = ModeOf(device.Ifindex, programId);
    }

    public XdpMode Mode { get; }

    public bool IsAttached
    {
        get
        {
            lock (exchange)
            {
                BpfLinkInfo info = link.ReadInfo();
                return info.Ifindex == device.Ifindex && info.ProgramId == programId;
            }
        }
    }

    public void Exchange(BpfProgram program, BpfProgram former)
    {
        lock (exchange)
        {
            link.Update(program);
            programId = program.Info.Id;
        }
    }

    /// <summary>Takes over the link that an earlier process pinned, exchanging its program without a gap, or attaches anew.</summary>
    /// <param name="pin">Null: the program is to go with this process.</param>
    /// <param name="wanted">Auto: native, or else generic with a warning.</param>
    /// <exception cref="DataPlaneException">Another program is there, or the mode is not to be had.</exception>
    public static XdpHook Attach(BpfProgram program, Link device, string? pin, XdpMode wanted, List<string> warnings, Rollback rollback)
    {
        XdpHook? taken = pin is null ? null : TakeOver(program, device, pin, wanted, warnings, rollback);
        if (taken is not null) return taken;

        RefuseForeign(device);
        BpfLink created = Create(program, device, wanted, pin is null ? "decapsulation" : "xdp_mode", warnings);
        rollback.OnFailure(() =>
        {
            if (pin is not null) PinDirectory.Remove(pin);
            created.Dispose();
        });
        if (pin is not null) created.Pin(pin);
        return new XdpHook(created, pin, device, program);
    }

    public void Detach()
    {
        if (pin is not null) PinDirectory.Remove(pin);
        link.Dispose();
    }

    public void Dispose() => link.Dispose();

    private static XdpHook? TakeOver(
        BpfProgram program, Link device, string pin, XdpMode wanted, List<string> warnings, Rollback rollback)
    {
        if (!PinDirectory.Has(pin)) return null;
        BpfLink taken = BpfLink.OpenPinned(pin);
        BpfLinkInfo info = taken.ReadInfo();
        XdpMode mode = info.Ifindex == device.Ifindex ? ModeOf(device.Ifindex, info.ProgramId) : XdpMode.Off;
        if (mode == XdpMode.Off || (wanted is XdpMode.Native or XdpMode.Generic && wanted != mode))
        {
            // Of an interface that is gone or no longer ours, or in a mode that is no longer wanted.
            PinDirectory.Remove(pin);
            taken.Dispose();
            return null;
        }

        if (mode == XdpMode.Generic && wanted == XdpMode.Auto)
            warnings.Add($"generic XDP is used on {device.Name} as before, which is slower; xdp_mode = \"tc\" is less so, and stopping with on_exit = \"detach\" and starting tries native again");
        BpfProgram? former = TryOpenProgram(info.ProgramId);
        taken.Update(program);
        rollback.OnFailure(() =>
        {
            if (former is not null) taken.Update(former);
            taken.Dispose();
        });
        return new XdpHook(taken, pin, device, program);
    }

    private static BpfProgram? TryOpenProgram(uint id)
    {
        try
        {
            return BpfProgram.OpenById(id);
        }
        catch (BpfException e) when (e.Errno is Errno.EPERM or Errno.ENOENT)
        {
            // Only CAP_SYS_ADMIN may open programs by id; without it a failed start leaves the new program, which reads the same maps.
            return null;
        }
    }

    private static void RefuseForeign(Link device)
    {
        XdpAttachment present = XdpAttachment.Query(device.Ifindex);
        if (!present.Any) return;
        uint id = Math.Max(Math.Max(present.NativeProgramId, present.GenericProgramId), present.HardwareProgramId);
        using BpfProgram? program = TryOpenProgram(id);
        throw new DataPlaneException(
            $"interface {device.Name} already has an XDP program that is not ours: id {id}, name {program?.Info.Name ?? "unknown"}; "
            + $"see `bpftool net show dev {device.Name}`, and stop its owner or take it off with `ip link set dev {device.Name} xdp off`");
    }

    private static BpfLink Create(BpfProgram program, Link device, XdpMode wanted, string setting, List<string> warnings)
    {
        if (wanted == XdpMode.Generic) return Attach(program, device, XdpAttachFlags.Generic);
        try
        {
            return Attach(program, device, XdpAttachFlags.Native);
        }
        catch (DataPlaneException e) when (wanted == XdpMode.Auto)
        {
            warnings.Add($"native XDP is not possible on {device.Name}, generic XDP is used, which is slower ({setting} = \"tc\" is less so): {e.InnerException?.Message}");
            return Attach(program, device, XdpAttachFlags.Generic);
        }
    }

    private static BpfLink Attach(BpfProgram program, Link device, XdpAttachFlags flags)
    {
        try
        {
            return BpfLink.AttachXdp(program, device.Ifindex, flags);
        }
        catch (BpfException e)
        {
            string mode = flags == XdpAttachFlags.Native ? "native" : "generic";
            throw new DataPlaneException($"{mode} XDP cannot be attached to interface {device.Name} (MTU {device.Mtu}): {e.Message}", e);
        }
    }

    private static XdpMode ModeOf(int ifindex, uint programId)
    {
        XdpAttachment present = XdpAttachment.Query(ifindex);
        if (present.NativeProgramId == programId || present.HardwareProgramId == programId) return XdpMode.Native;
        return present.GenericProgramId == programId ? XdpMode.Generic : XdpMode.Off;
    }
}
