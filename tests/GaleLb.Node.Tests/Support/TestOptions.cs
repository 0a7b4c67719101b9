using System.Collections.Immutable;
using System.Net;
using GaleLb.Configuration.Options;

namespace GaleLb.Node.Tests.Support;

/// <summary>Options of a node as the file would give them, with what a test cares about.</summary>
internal static class TestOptions
{
    public static NodeOptions Create(
        IEnumerable<int>? replicaPorts = null, ushort servicePort = 0, TcpCheckTarget? tcp = null, string[]? services = null, TimeSpan? checkInterval = null) =>
        new(
            [.. (replicaPorts ?? [7070]).Select(port => new LoadBalancerAddress("127.0.0.1", (ushort)port))],
            new NodeIdentityOptions("node-1", IPAddress.Loopback, servicePort, 70, [.. services ?? []]),
            new HealthCheckOptions(tcp, null, [], checkInterval ?? TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)),
            new NodeForwardingOptions(NodeForwardingMode.None, [], "lo"),
            new NodeSecurityOptions(null, null, null, null));
}
