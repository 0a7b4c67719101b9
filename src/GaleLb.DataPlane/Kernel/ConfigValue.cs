using System.Collections.Immutable;
using System.Net;
using GaleLb.DataPlane.Layout;
using GaleLb.DataPlane.Netlink;

namespace GaleLb.DataPlane.Kernel;

/// <summary>Makes the map values config and control_ports from the options. Pure.</summary>
public static class ConfigValue
{
    /// <param name="publicLink">The interface of the clients.</param>
    /// <param name="privateLink">The interface of the nodes; may be the same.</param>
    /// <param name="sources">NAT source addresses, of either family.</param>
    public static GaleConfig Build(
        DataPlaneOptions options, Link publicLink, Link privateLink, ImmutableArray<IPAddress> sources, PortRange ports)
    {
        GaleConfig config = new()
        {
            Flags = (options.SourceNat ? GaleConfigFlag.None : GaleConfigFlag.NoSourceNat)
                | (options.DeadMan is null ? GaleConfigFlag.None : GaleConfigFlag.DeadMan)
                | (options.ClampMss ? GaleConfigFlag.ClampMss : GaleConfigFlag.None),
            HashSeed = options.HashSeed,
            PublicIfindex = (uint)publicLink.Ifindex,
            PrivateIfindex = (uint)privateLink.Ifindex,
            PublicMtu = publicLink.Mtu,
            PortFirst = ports.First,
            PortLast = ports.Last,
            OnNodeFailure = Refusal(options.OnNodeFailure),
            OnNoNodes = Refusal(options.OnNoNodes),
            OnNoFlow = Refusal(options.OnNoFlow),
        };
        foreach (IPAddress source in sources)
        {
            GaleAddress address = GaleAddress.From(source);
            if (address.IsIPv4)
            {
                config.SourceV4[config.SourceV4Count++] = address;
                if (config.TunnelSourceV4.IsZero) config.TunnelSourceV4 = address;
            }
            else
            {
                config.SourceV6[config.SourceV6Count++] = address;
                if (config.TunnelSourceV6.IsZero) config.TunnelSourceV6 = address;
            }
        }

        FlowTimeoutOptions timeouts = options.Timeouts;
        foreach ((GaleFlowState state, TimeSpan timeout) in new[]
                 {
                     (GaleFlowState.SynSent, timeouts.SynSent),
                     (GaleFlowState.SynReceived, timeouts.SynReceived),
                     (GaleFlowState.Established, timeouts.Established),
                     (GaleFlowState.Fin, timeouts.Fin),
                     (GaleFlowState.TimeWait, timeouts.TimeWait),
                     (GaleFlowState.Closed, timeouts.Closed),
                     (GaleFlowState.UdpOneWay, timeouts.UdpOneWay),
                     (GaleFlowState.Udp, timeouts.Udp),
                 })
        {
            config.TimeoutMs[(int)state] = (uint)Math.Clamp(timeout.TotalMilliseconds, 1, int.MaxValue);
        }

        return config;
    }

    /// <summary>The NAT source addresses: those of the options, or the private interface's global ones.</summary>
    /// <exception cref="DataPlaneException">There is none, or there are too many of a family.</exception>
    public static ImmutableArray<IPAddress> Sources(DataPlaneOptions options, Link privateLink, NetworkSnapshot network)
    {
        ImmutableArray<IPAddress> sources = options.SourceAddresses;
        if (sources.IsEmpty)
        {
            sources =
            [
                .. network.AddressesOf(privateLink.Ifindex).Where(a => a.IsGlobal).Select(a => a.Address)
                    .GroupBy(a => a.AddressFamily).SelectMany(family => family.Take(GaleLimit.SourcesMax)),
            ];
            return !sources.IsEmpty ? sources : throw new DataPlaneException(
                $"interface {privateLink.Name} has no address from which nodes could be reached; give it one, or set source_addresses");
        }

        foreach (IPAddress source in sources)
        {
            if (!network.Addresses.Any(a => a.Address.Equals(source)))
                throw new DataPlaneException($"source_addresses: {source} is no address of this machine, so nodes could not answer to it");
        }

        return sources.GroupBy(s => s.AddressFamily).Any(family => family.Count() > GaleLimit.SourcesMax)
            ? throw new DataPlaneException($"source_addresses: at most {GaleLimit.SourcesMax} of each family")
            : sources;
    }

    public static GaleControlPorts ControlPorts(DataPlaneOptions options)
    {
        GaleControlPorts ports = default;
        foreach (ushort port in options.ProtectedPorts)
        {
            ports.Tcp.Add(port);
            ports.Udp.Add(port);
        }

        foreach (ushort port in options.ControlPorts) ports.Tcp.Add(port);
        return ports;
    }

    private static GaleRefusal Refusal(RefusalPolicy policy) => policy == RefusalPolicy.Drop ? GaleRefusal.Drop : GaleRefusal.Reset;
}
