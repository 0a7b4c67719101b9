using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;
using GaleLb.Rpc.V1;

namespace GaleLb.Node.Checks;

/// <summary>One port to connect to.</summary>
/// <param name="Service">The service judged by it; empty: all of this node.</param>
internal sealed record PortTarget(string Service, IPEndPoint EndPoint);

/// <summary>What the node checks when the file names no check of its own: the ports where its services are to be.</summary>
internal static class CheckPlan
{
    /// <param name="services">What the cluster balances.</param>
    /// <param name="own">The node's own address.</param>
    /// <returns>Empty: there is nothing that a TCP connect could tell.</returns>
    public static ImmutableArray<PortTarget> Ports(NodeOptions options, IEnumerable<ServiceConfig> services, IPAddress own)
    {
        if (options.HealthCheck.Tcp is { } tcp)
            return [new PortTarget("", new IPEndPoint(tcp.Address ?? own, tcp.Port))];
        if (options.Node.ServicePort != 0)
            return [new PortTarget("", new IPEndPoint(own, options.Node.ServicePort))];
        return
        [
            .. services
                .Where(service => service.Protocol == "tcp" && service.TargetPort is > 0 and <= ushort.MaxValue)
                .Where(service => options.Node.Services.IsEmpty || options.Node.Services.Contains(service.Name))
                .OrderBy(service => service.Name, StringComparer.Ordinal)
                .Select(service => new PortTarget(service.Name, new IPEndPoint(AddressOf(service, options, own), (int)service.TargetPort))),
        ];
    }

    // Where this node holds the service's own address, that is where clients reach it.
    private static IPAddress AddressOf(ServiceConfig service, NodeOptions options, IPAddress own) =>
        options.Forwarding.Mode == NodeForwardingMode.L2 && service.Forwarding == "l2"
            && service.Addresses.Count > 0 && IPAddress.TryParse(service.Addresses[0], out IPAddress? address) ? address : own;
}
