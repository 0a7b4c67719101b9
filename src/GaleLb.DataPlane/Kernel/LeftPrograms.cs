using System.Collections.Immutable;
using GaleLb.DataPlane.Native;
using GaleLb.DataPlane.Netlink;

namespace GaleLb.DataPlane.Kernel;

/// <summary>What goes on forwarding without a process: after a crash, or after a stop with on_exit = "keep".</summary>
public static class LeftPrograms
{
    /// <summary>
    /// Takes it all off this network namespace's interfaces and removes the pins; flows through this replica end. Only while
    /// no gale-lb uses them, which the caller has made sure of.
    /// </summary>
    /// <param name="pinPath">The directory below which each member has one of its own.</param>
    /// <returns>The directories that were removed; none is fine.</returns>
    /// <exception cref="DataPlaneException">Something could not be taken off, in words.</exception>
    public static ImmutableArray<string> Detach(string pinPath)
    {
        try
        {
            using NetlinkSocket netlink = NetlinkSocket.Open();
            NetworkSnapshot network = NetworkSnapshot.Read(netlink);
            ImmutableArray<string>.Builder removed = ImmutableArray.CreateBuilder<string>();
            foreach (PinDirectory pins in PinDirectory.Below(pinPath))
            {
                // Clients' side first; a link that is no longer pinned is detached.
                PinDirectory.Remove(pins.XdpPublicLink);
                PinDirectory.Remove(pins.XdpPrivateLink);
                TcFilter.FindLeft(pins, pins.TcPublicProgram, network)?.Detach(netlink);
                TcFilter.FindLeft(pins, pins.TcPrivateProgram, network)?.Detach(netlink);
                pins.RemoveAll();
                removed.Add(pins.Root);
            }

            return removed.ToImmutable();
        }
        catch (Exception e) when (e is BpfException or UnauthorizedAccessException or IOException)
        {
            throw new DataPlaneException($"what was left below {pinPath} cannot be taken off: {e.Message}", e);
        }
    }
}
