using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>Where each port listens: on the addresses of its own interface and nowhere else.</summary>
internal sealed record Endpoints(
    ImmutableArray<IPEndPoint> Node, ImmutableArray<IPEndPoint> Peer, ImmutableArray<IPEndPoint> Api, ImmutableArray<string> Warnings)
{
    /// <summary>The TCP ports that are this replica's own, which no service may take.</summary>
    public ImmutableArray<ushort> ControlPorts =>
        [.. Node.Concat(Peer).Concat(Api).Select(e => (ushort)e.Port).Distinct().Order()];

    public static Endpoints Of(LoadBalancerOptions options, LocalInterface privateSide, IPEndPoint self)
    {
        List<string> warnings = [];
        PrivateInterfaceOptions ports = options.PrivateInterface;
        List<IPEndPoint> peer = [.. On(privateSide, ports.LoadBalancerPort)];
        if (self.Port != ports.LoadBalancerPort)
        {
            warnings.Add($"the list names this replica at port {self.Port}, load_balancer_port is {ports.LoadBalancerPort}: it listens on both");
            peer.AddRange(On(privateSide, (ushort)self.Port));
        }
        ImmutableArray<IPEndPoint> api = [new(IPAddress.Loopback, ports.ApiPort)];
        bool clientsOnThisSide = options.OneInterface;
        if (clientsOnThisSide && options.Security.ApiTokenFile is null)
            warnings.Add("clients and operators share one interface, and [security] api_token_file is not set: the REST API listens on loopback only");
        else
            api = [.. api, .. On(privateSide, ports.ApiPort)];
        if (!options.Security.MutualTls)
            warnings.Add("[security] names no certificates: replicas and nodes are told by their addresses alone");
        return new Endpoints([.. On(privateSide, ports.NodePort)], [.. peer], api, [.. warnings]);
    }

    private static IEnumerable<IPEndPoint> On(LocalInterface side, ushort port) =>
        side.Addresses.Select(a => new IPEndPoint(a.Address, port));
}
