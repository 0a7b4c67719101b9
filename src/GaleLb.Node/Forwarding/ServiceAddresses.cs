using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using GaleLb.Configuration.Options;
using GaleLb.Node.Hosting;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Forwarding;

/// <summary>Holds the addresses of L2 and L3 services on this node, so that it takes their packets and answers clients itself, and keeps
/// the node silent about them on the network: only the replicas may draw their traffic.</summary>
/// <remarks>What was there before is left there: an address that existed is not taken away, a stricter setting is not loosened.
/// Not thread-safe.</remarks>
internal sealed class ServiceAddresses(NodeOptions options, IHostNetwork network, NodeLog log) : IDisposable
{
    // Answer ARP only for addresses of the interface it came in by; announce only addresses of the outgoing one.
    private static readonly (string Path, int Least)[] Settings =
        [("net/ipv4/conf/all/arp_ignore", 1), ("net/ipv4/conf/all/arp_announce", 2)];

    private readonly List<(string Path, int Before, int Now)> _changed = [];
    private readonly SortedSet<IPAddress> _added = new(Comparer<IPAddress>.Create(Compare));
    private ImmutableArray<IPAddress> _held = [];

    /// <summary>The addresses that this node is to hold.</summary>
    /// <param name="services">What the cluster balances.</param>
    public static ImmutableArray<IPAddress> Wanted(NodeOptions options, IEnumerable<ServiceConfig> services)
    {
        if (options.Forwarding.Mode == NodeForwardingMode.None)
            return [];
        if (!options.Forwarding.Addresses.IsEmpty)
            return options.Forwarding.Addresses;
        return
        [
            .. services
                .Where(service => service.Forwarding == "l2" || (service.Forwarding == "l3" && options.Forwarding.Mode == NodeForwardingMode.L3))
                .Where(service => options.Node.Services.IsEmpty || options.Node.Services.Contains(service.Name))
                .SelectMany(service => service.Addresses)
                .Select(text => IPAddress.TryParse(text, out IPAddress? address) ? address : null)
                .OfType<IPAddress>()
                .Distinct()
                // A node that owned a replica's address would send its heartbeats to itself.
                .Where(address => !options.LoadBalancers.Any(replica => address.Equals(replica.Ip))),
        ];
    }

    /// <summary>Makes the host hold exactly these.</summary>
    /// <exception cref="HostNetworkException">The kernel refused; what was done so far is undone by <see cref="Dispose"/>.</exception>
    public void Hold(ImmutableArray<IPAddress> wanted)
    {
        if (wanted.SequenceEqual(_held))
            return;
        // Silence first: an address that answers ARP, be it for a moment, draws the service's traffic to this node alone.
        if (wanted.Any(address => address.AddressFamily == AddressFamily.InterNetwork))
            KeepSilent();
        foreach (IPAddress address in wanted.Except(_held))
        {
            if (network.AddAddress(address, options.Forwarding.Device))
                _added.Add(address);
            log.Write($"service address {address} is on {options.Forwarding.Device}{(_added.Contains(address) ? "" : ", as it was before")}");
        }
        foreach (IPAddress address in _held.Except(wanted))
            Release(address);
        _held = wanted;
    }

    /// <summary>Takes down what was set up, the addresses before the settings.</summary>
    public void Dispose()
    {
        foreach (IPAddress address in _added.ToArray())
            Attempt(() => Release(address));
        foreach ((string path, int before, int now) in _changed)
        {
            Attempt(() =>
            {
                // Somebody else's later change stays.
                if (network.ReadSetting(path) == now)
                    network.WriteSetting(path, before);
            });
        }
        _changed.Clear();
        _held = [];
    }

    private void KeepSilent()
    {
        foreach ((string path, int least) in Settings)
        {
            int before = network.ReadSetting(path);
            if (before >= least)
                continue;
            network.WriteSetting(path, least);
            _changed.Add((path, before, least));
        }
    }

    private void Release(IPAddress address)
    {
        if (!_added.Remove(address))
            return;
        if (network.RemoveAddress(address, options.Forwarding.Device))
            log.Write($"service address {address} is off {options.Forwarding.Device}");
    }

    // One failure must not keep the rest from being taken down.
    private void Attempt(Action action)
    {
        try
        {
            action();
        }
        catch (HostNetworkException e)
        {
            log.Write($"taking down: {e.Message}");
        }
    }

    private static int Compare(IPAddress a, IPAddress b) => a.GetAddressBytes().AsSpan().SequenceCompareTo(b.GetAddressBytes());
}
