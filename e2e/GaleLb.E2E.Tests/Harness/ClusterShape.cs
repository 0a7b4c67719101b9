using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace GaleLb.E2E.Tests.Harness;

/// <summary>What a cluster is made of, as topology.sh describes it.</summary>
/// <param name="IsWide">With the further ways of topology.sh -w, and services of both families that go with them.</param>
/// <param name="Nodes">Those that run while all is well.</param>
public sealed record ClusterShape(bool IsWide, ImmutableArray<int> Nodes)
{
    /// <summary>One TCP service on the replicas' own addresses.</summary>
    public static readonly ClusterShape Plain = new(IsWide: false, [1, 2, 3]);

    /// <summary>Three nodes of each family.</summary>
    public static readonly ClusterShape Wide = new(IsWide: true, [.. Topology.WideNodes(AddressFamily.InterNetwork), .. Topology.WideNodes(AddressFamily.InterNetworkV6)]);

    /// <summary>
    /// The same with clients' packets seen in TC, as senders make them that leave checksums and segmentation to the card; by nodes too, where the kernel
    /// has what they need for that.
    /// </summary>
    public static readonly ClusterShape WideInTc = Wide with { XdpMode = "tc", Decapsulation = Environment.OSVersion.Version >= new Version(6, 6) ? "tc" : "auto" };

    /// <summary>
    /// Nothing forwards, so that replicas start at once; each one's data is on a file system of its own, and the second one's
    /// monotonic clock a day ahead.
    /// </summary>
    public static readonly ClusterShape Faulty = Plain with { DiskMegabytes = 96, AheadReplica = 2, XdpMode = "off" };

    /// <summary>The size of the file system under each replica's data directory; 0: on that of the test run.</summary>
    public int DiskMegabytes { get; init; }

    /// <summary>Nothing forwards; all that is said is said by mutual TLS.</summary>
    public static readonly ClusterShape Secured = Plain with { IsSecured = true, XdpMode = "off" };

    public string XdpMode { get; init; } = "auto";

    public string Decapsulation { get; init; } = "auto";

    /// <summary>The replica whose clock is ahead of the others', or 0.</summary>
    public int AheadReplica { get; init; }

    /// <summary>Whether everybody shows certificates, and callers and nodes tokens.</summary>
    public bool IsSecured { get; init; }

    /// <summary>How a replica is started.</summary>
    public ImmutableArray<string> ReplicaCommand(int replica) =>
        replica == AheadReplica ? ["unshare", "--time", "--monotonic", "86400", "--boottime", "86400", Repository.Binary("gale-lb")] : [Repository.Binary("gale-lb")];

    /// <summary>Environment of topology.sh for replicas.</summary>
    public ImmutableArray<string> Settings => [$"GALE_SERVICES={(IsWide ? "wide" : "default")}", $"GALE_XDP_MODE={XdpMode}"];

    /// <summary>Environment of topology.sh for a node.</summary>
    public ImmutableArray<string> NodeSettings(int node) =>
        [.. Settings, $"GALE_DECAPSULATION={Decapsulation}", $"GALE_FAMILY={(Family(node) == AddressFamily.InterNetworkV6 ? 6 : 4)}"];

    /// <summary>Where a node's HTTP service listens: in a wide cluster also at addresses that gale-node gives the node later.</summary>
    public IPAddress ListenAddress(int node) => (IsWide, Family(node)) switch
    {
        (false, _) => Topology.NodeAddress(node),
        (true, AddressFamily.InterNetworkV6) => IPAddress.IPv6Any,
        _ => IPAddress.Any,
    };

    /// <summary>Where a node's UDP service listens; one socket each, so that answers come from where they were asked for.</summary>
    public ImmutableArray<IPAddress> DatagramAddresses(int node) =>
        IsWide ? [Topology.Address(2, 10 + node, Family(node)), Topology.DirectAddress(Family(node))] : [];

    private AddressFamily Family(int node) =>
        IsWide && Topology.WideNodes(AddressFamily.InterNetworkV6).Contains(node) ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
}
