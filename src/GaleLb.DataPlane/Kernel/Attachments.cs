using System.Collections.Immutable;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;

namespace GaleLb.DataPlane.Kernel;

/// <summary>Everything of ours that sits on interfaces: XDP or TC on the public one, TC on the private one, and a pass program where XDP's redirects go.</summary>
internal sealed class Attachments : IDisposable
{
    /// <summary>Bytes of the longest packet whose length an IP header tells. Longer ones, made by merging alone, tell none (BIG TCP).</summary>
    private const uint TellableMax = 65536;

    private readonly IPublicHook publicHook;
    private readonly XdpHook? passHook;
    private readonly TcFilter filter;
    private readonly Link publicLink;
    private readonly Link privateLink;

    private Attachments(IPublicHook publicHook, XdpHook? passHook, TcFilter filter, Link publicLink, Link privateLink)
    {
        this.publicHook = publicHook;
        this.passHook = passHook;
        this.filter = filter;
        this.publicLink = publicLink;
        this.privateLink = privateLink;
    }

    public static Attachments Attach(
        ProgramSet programs, DataPlaneOptions options, Link publicLink, Link privateLink, PinDirectory pins, List<string> warnings, Rollback rollback)
    {
        // Answers have their way back before the first packet goes out.
        TcFilter tc = TcFilter.Attach(programs.TcPrivate, privateLink, pins, pins.TcPrivateProgram, rollback);
        WarnOfUntold(privateLink, warnings);
        if (options.PublicHook == PublicHook.Tc)
        {
            if (!options.OneInterface) WarnOfUntold(publicLink, warnings);
            TcFilter inTc = TcFilter.Attach(programs.Public, publicLink, pins, pins.TcPublicProgram, rollback);
            return new Attachments(inTc, null, tc, publicLink, privateLink);
        }

        XdpHook xdp = XdpHook.Attach(programs.Public, publicLink, pins.XdpPublicLink, options.XdpMode, warnings, rollback);
        XdpHook? pass = xdp.Mode == XdpMode.Native && !options.OneInterface
            ? AttachPass(programs.XdpPass, privateLink, pins, warnings, rollback)
            : null;
        return new Attachments(xdp, pass, tc, publicLink, privateLink);
    }

    /// <summary>
    /// Takes off what an earlier process left and this one has no use for, as the last step of a start. Until then a packet is seen by XDP first, and
    /// what that has sent on TC sees no more.
    /// </summary>
    public void DetachUnused(PinDirectory pins)
    {
        if (passHook is null) PinDirectory.Remove(pins.XdpPrivateLink);
        if (publicHook.Mode == XdpMode.Tc)
        {
            PinDirectory.Remove(pins.XdpPublicLink);
            return;
        }

        using NetlinkSocket netlink = NetlinkSocket.Open();
        TcFilter.FindLeft(pins, pins.TcPublicProgram, NetworkSnapshot.Read(netlink))?.Detach(netlink);
        PinDirectory.Remove(pins.TcPublicProgram);
    }

    /// <summary>The public interface first.</summary>
    public ImmutableArray<InterfaceStatus> Status()
    {
        if (publicLink.Ifindex == privateLink.Ifindex)
        {
            bool both = publicHook.IsAttached && filter.IsAttached;
            return [new InterfaceStatus(publicLink.Name, publicLink.Ifindex, InterfaceRole.Both, publicHook.Mode, both)];
        }

        return
        [
            new InterfaceStatus(publicLink.Name, publicLink.Ifindex, InterfaceRole.Public, publicHook.Mode, publicHook.IsAttached),
            new InterfaceStatus(
                privateLink.Name, privateLink.Ifindex, InterfaceRole.Private, passHook?.Mode ?? XdpMode.Off,
                filter.IsAttached && passHook is not { IsAttached: false }),
        ];
    }

    /// <summary>Puts programs in the place of those that decide about packets. Where the second cannot be put there, neither is.</summary>
    public void Exchange((BpfProgram Public, BpfProgram TcPrivate) programs, (BpfProgram Public, BpfProgram TcPrivate) former)
    {
        filter.Exchange(programs.TcPrivate, former.TcPrivate);
        try
        {
            publicHook.Exchange(programs.Public, former.Public);
        }
        catch (Exception e) when (e is BpfException or IOException)
        {
            filter.Exchange(former.TcPrivate, programs.TcPrivate);
            throw;
        }
    }

    /// <summary>Takes everything off, clients' side first.</summary>
    public void Detach()
    {
        publicHook.Detach();
        passHook?.Detach();
        filter.Detach();
    }

    public void Dispose()
    {
        publicHook.Dispose();
        passHook?.Dispose();
    }

    /// <summary>The programs in TC do not forward a packet that does not tell its length.</summary>
    private static void WarnOfUntold(Link link, List<string> warnings)
    {
        if (link.MergedMax <= TellableMax) return;
        warnings.Add(
            $"interface {link.Name} merges received packets up to {link.MergedMax} bytes, and those above {TellableMax} are not forwarded: " +
            $"ip link set dev {link.Name} gro_max_size {TellableMax} gro_ipv4_max_size {TellableMax}");
    }

    /// <summary>Many drivers transmit redirected frames only from an interface that has a program itself.</summary>
    private static XdpHook? AttachPass(BpfProgram pass, Link device, PinDirectory pins, List<string> warnings, Rollback rollback)
    {
        try
        {
            return XdpHook.Attach(pass, device, pins.XdpPrivateLink, XdpMode.Native, warnings, rollback);
        }
        catch (DataPlaneException e)
        {
            warnings.Add($"interface {device.Name} has no native XDP program of ours, so its driver may not transmit redirected frames: {e.Message}");
            return null;
        }
    }
}
