using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using GaleLb.Configuration.Options;
using GaleLb.DataPlane.Decapsulation;
using GaleLb.Node.Hosting;

namespace GaleLb.Node.Forwarding;

/// <summary>Has somebody take packets for L3 services out of those that replicas put around them: tunnel devices of the kernel that
/// are there already, or a program on the interface with the node's address.</summary>
/// <remarks>The devices are never made or changed here. Not thread-safe.</remarks>
internal sealed class TunnelEnd(NodeForwardingOptions options, IHostNetwork network, ITunnelHost host, NodeLog log) : IDisposable
{
    private const int StrictReversePath = 1;
    private const int LooseReversePath = 2;

    private IUnwrapper? _unwrapper;
    private string _device = "";
    private string? _told;
    private int? _strictness;

    /// <param name="own">This node's address, to which replicas send.</param>
    /// <param name="services">What may be inside; <see cref="ServiceAddresses"/> holds them.</param>
    /// <exception cref="HostNetworkException">It cannot be done on this host.</exception>
    public void Hold(IPAddress own, ImmutableArray<IPAddress> services)
    {
        if (options.Mode != NodeForwardingMode.L3)
            return;
        if (services.IsEmpty || IsLeftToTheKernel(own, services))
        {
            TakeOff();
            return;
        }
        string device = host.InterfaceOf(own);
        if (_unwrapper is null || device != _device)
        {
            TakeOff();
            _unwrapper = host.Attach(device, options.Decapsulation == NodeDecapsulation.Tc);
            _device = device;
            Tell($"packets for service addresses are unwrapped {_unwrapper.Description}");
        }
        // Clients' packets come in by the way to the replicas, their answers may go by another.
        if (services.Any(address => address.AddressFamily == AddressFamily.InterNetwork))
            LoosenReversePath();
        _unwrapper.Hold(own, services);
    }

    public void Dispose() => TakeOff();

    private bool IsLeftToTheKernel(IPAddress own, ImmutableArray<IPAddress> services)
    {
        if (options.Decapsulation is NodeDecapsulation.Xdp or NodeDecapsulation.Tc)
            return false;
        ImmutableArray<TunnelDevice> devices = host.Devices();
        SortedSet<string> used = new(StringComparer.Ordinal);
        foreach (bool isV6 in services.Select(IsV6).Distinct())
        {
            TunnelDevice? taker = devices.FirstOrDefault(device => device.Takes(own, isV6));
            if (taker is null && options.Decapsulation == NodeDecapsulation.Auto)
                return false;
            if (taker is null)
            {
                throw new HostNetworkException(
                    $"forwarding.decapsulation is \"kernel\", but no tunnel device that is up takes {Family(isV6)} inside {Family(IsV6(own))} for {own} from any sender"
                    + $" ({(devices.IsEmpty ? "there is none" : $"there are {string.Join(", ", devices.Select(device => device.Name))}")}); set one up, or set it to \"xdp\"");
            }
            used.Add(taker.Name);
        }
        Tell($"packets for service addresses are unwrapped by {string.Join(" and ", used)}");
        return true;
    }

    private void LoosenReversePath()
    {
        if (_strictness is not null)
            return;
        // The kernel goes by the larger of the two.
        int before = network.ReadSetting(ReversePath(_device));
        if (Math.Max(network.ReadSetting(ReversePath("all")), before) != StrictReversePath)
            return;
        network.WriteSetting(ReversePath(_device), LooseReversePath);
        _strictness = before;
    }

    private void TakeOff()
    {
        RestoreReversePath();
        if (_unwrapper is null)
            return;
        log.Write($"no longer unwrapping on {_device}: {_unwrapper.Count()}");
        _unwrapper.Dispose();
        _unwrapper = null;
        _told = null;
    }

    private void RestoreReversePath()
    {
        if (_strictness is not { } before)
            return;
        _strictness = null;
        try
        {
            // Somebody else's later change stays.
            if (network.ReadSetting(ReversePath(_device)) == LooseReversePath)
                network.WriteSetting(ReversePath(_device), before);
        }
        catch (HostNetworkException e)
        {
            log.Write($"taking down: {e.Message}");
        }
    }

    private void Tell(string words)
    {
        if (words != _told)
            log.Write(words);
        _told = words;
    }

    private static string ReversePath(string device) => $"net/ipv4/conf/{device}/rp_filter";

    private static bool IsV6(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6;

    private static string Family(bool isV6) => isV6 ? "IPv6" : "IPv4";
}
