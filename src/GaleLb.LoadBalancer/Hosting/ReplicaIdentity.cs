using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>Who this replica is among the listed ones, as its file and its interfaces tell.</summary>
/// <param name="Endpoint">Its own entry of the list.</param>
/// <param name="Peers">All entries of the list, its own included, as "ip:port" in the list's order.</param>
/// <param name="ApiAddress">Where its REST API answers on the private side.</param>
internal sealed record ReplicaIdentity(IPEndPoint Endpoint, ImmutableArray<string> Peers, string ApiAddress, string Version)
{
    public string Address { get; } = Endpoint.ToString();

    /// <summary>Entries and snapshot chunks are far below; a larger message is no replica's.</summary>
    public const int PeerMessageBytesMax = 8 << 20;

    /// <exception cref="StartException">The list names no address of the private interface, or several.</exception>
    public static ReplicaIdentity Find(LoadBalancerOptions options, LocalInterface privateSide)
    {
        ImmutableArray<ReplicaAddress> list = options.Quorum.Addresses;
        ReplicaAddress[] own = [.. list.Where(a => privateSide.Has(a.Ip))];
        string has = string.Join(", ", privateSide.Addresses.Select(a => a.Address));
        if (own.Length == 0)
            throw new StartException(
                $"load_balancer_quorum.addresses: none of {string.Join(", ", list)} is this machine's; {privateSide.Name} has {has}.");
        if (own.Length > 1)
            throw new StartException(
                $"load_balancer_quorum.addresses: {string.Join(" and ", own.AsEnumerable())} are both this machine's; a replica knows itself by one.");
        IPEndPoint endpoint = own[0].ToEndPoint();
        return new ReplicaIdentity(
            endpoint, [.. list.Select(a => a.ToString())], new IPEndPoint(endpoint.Address, options.PrivateInterface.ApiPort).ToString(),
            CommandLine.Version);
    }
}
