using System.Collections.Immutable;
using System.Net;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>Who this replica is among the listed ones, as its file and its interfaces tell.</summary>
/// <param name="Endpoint">Its own entry of the list.</param>
/// <param name="ApiAddress">Where its REST API answers on the private side.</param>
/// <param name="Peers">All entries of the list, its own included, as "ip:port" in ordinal order.</param>
internal sealed record ReplicaIdentity(IPEndPoint Endpoint, ImmutableArray<string> Peers, string ApiAddress, string Version)
{
    public string Address { get; } = Endpoint.ToString();

    /// <summary>Entries and snapshot chunks are far below; a larger message is no replica's.</summary>
    public int PeerMessageBytesMax => 8 << 20;
}
