using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>One of this machine's interfaces with the unicast addresses it has right now.</summary>
internal sealed record LocalInterface(string Name, ImmutableArray<LocalAddress> Addresses)
{
    /// <summary>Finds the interface, which must exist and have at least one address that is not link-local.</summary>
    /// <exception cref="StartException">It does not; the message names the key, the value and the interfaces that exist.</exception>
    public static LocalInterface Find(string key, string name)
    {
        NetworkInterface[] all = NetworkInterface.GetAllNetworkInterfaces();
        NetworkInterface found = all.FirstOrDefault(i => i.Name == name)
            ?? throw new StartException(
                $"{key} = \"{name}\": this machine has no such interface; it has {string.Join(", ", all.Select(i => i.Name).Order(StringComparer.Ordinal))}.");
        var addresses = found.GetIPProperties().UnicastAddresses
            .Where(a => a.Address is { IsIPv6LinkLocal: false, IsIPv6Multicast: false })
            .Select(a => new LocalAddress(a.Address, a.PrefixLength))
            .ToImmutableArray();
        if (addresses.IsEmpty)
            throw new StartException($"{key} = \"{name}\": the interface has no address; it needs one before gale-lb starts.");
        return new LocalInterface(name, addresses);
    }

    public bool Has(IPAddress address) => Addresses.Any(a => a.Address.Equals(address));

    /// <summary>The subnets that are on this interface's link.</summary>
    public IEnumerable<IPNetwork> Subnets => Addresses.Select(a => a.Subnet);
}

internal readonly record struct LocalAddress(IPAddress Address, int PrefixLength)
{
    public IPNetwork Subnet
    {
        get
        {
            byte[] bytes = Address.GetAddressBytes();
            for (int bit = PrefixLength; bit < bytes.Length * 8; bit++)
                bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
            return new IPNetwork(new IPAddress(bytes), PrefixLength);
        }
    }

    public bool IsIPv4 => Address.AddressFamily == AddressFamily.InterNetwork;
}

/// <summary>Why gale-lb cannot start here: one sentence for the person who started it. The process ends with 1.</summary>
internal sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
