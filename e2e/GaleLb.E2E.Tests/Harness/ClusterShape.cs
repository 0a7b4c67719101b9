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

    /// <summary>Environment of topology.sh for replicas.</summary>
    public ImmutableArray<string> Settings => [$"GALE_SERVICES={(IsWide ? "wide" : "default")}"];

    /// <summary>Environment of topology.sh for a node.</summary>
    public ImmutableArray<string> NodeSettings(int node) => [.. Settings, $"GALE_FAMILY={(Family(node) == AddressFamily.InterNetworkV6 ? 6 : 4)}"];

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
