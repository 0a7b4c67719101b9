using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Decapsulation;

namespace GaleLb.Node.Forwarding;

/// <summary>What this host has and can do to take packets out of others.</summary>
internal interface ITunnelHost
{
    /// <summary>The kernel's own tunnel devices.</summary>
    /// <exception cref="HostNetworkException">They cannot be listed.</exception>
    ImmutableArray<TunnelDevice> Devices();

    /// <summary>The interface that has an address.</summary>
    /// <exception cref="HostNetworkException">None has, or one where nothing comes in.</exception>
    string InterfaceOf(IPAddress address);

    /// <summary>Puts the unwrapping program on an interface, in XDP or in TC.</summary>
    /// <exception cref="HostNetworkException">The kernel refused, or another program is there.</exception>
    IUnwrapper Attach(string device, bool isInTc);
}
