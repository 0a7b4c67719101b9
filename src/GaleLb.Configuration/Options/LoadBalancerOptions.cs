using System.Collections.Immutable;
using System.Net;

namespace GaleLb.Configuration.Options;

/// <summary>A valid configuration of gale-lb, every default filled in. The two generations of the file give the same options.</summary>
public sealed record LoadBalancerOptions(
    PrivateInterfaceOptions PrivateInterface,
    PublicInterfaceOptions PublicInterface,
    NodeHealthOptions NodeHealth,
    LoadBalancerQuorumOptions Quorum,
    DataPlaneOptions DataPlane,
    LoadBalancerSecurityOptions Security,
    ImmutableArray<ServiceOptions> Services)
{
    /// <summary>True when nodes and clients are on the same interface.</summary>
    public bool OneInterface => string.Equals(PrivateInterface.InterfaceName, PublicInterface.InterfaceName, StringComparison.Ordinal);
}

/// <summary>The side of nodes, operators and other replicas.</summary>
public sealed record PrivateInterfaceOptions(ushort NodePort, ushort ApiPort, ushort LoadBalancerPort, string InterfaceName);

/// <summary>The side of clients. What it says of its one service is in <see cref="LoadBalancerOptions.Services"/>.</summary>
public sealed record PublicInterfaceOptions(string InterfaceName);

/// <summary>When a node takes traffic. Part of the log's settings after the first start.</summary>
/// <param name="ChecksBeforeRouting">Consecutive passes before a node is routable, at least 1.</param>
/// <param name="ChecksTimeout">Silence after which a node leaves the ring; heartbeats come five times as often.</param>
/// <param name="BlackListAfterFails">Fails before a node is blacklisted; −1: never.</param>
/// <param name="MinRoutable">Automatic ejection stops at this many routable nodes.</param>
/// <param name="MaxEjectSharePermille">The share of routable nodes that may be ejected at once, in thousandths; 1000: no limit.</param>
/// <param name="FlowGrace">How long the flows of a lost node wait for it.</param>
/// <param name="ForgetAfter">Silence after which a node is removed.</param>
public sealed record NodeHealthOptions(
    int ChecksBeforeRouting,
    TimeSpan ChecksTimeout,
    int BlackListAfterFails,
    TimeSpan BlackListExpiry,
    int MinRoutable,
    int MaxEjectSharePermille,
    TimeSpan FlowGrace,
    TimeSpan ForgetAfter);

/// <summary>Where a replica is reached by the others.</summary>
public sealed record ReplicaAddress(IPAddress Ip, ushort Port)
{
    public IPEndPoint ToEndPoint() => new(Ip, Port);
    public override string ToString() => ToEndPoint().ToString();
}

/// <param name="Addresses">All replicas, this one among them, in the file's order; used only with an empty data directory.</param>
/// <param name="ElectionTimeout">The shortest; each election waits a random time up to twice that.</param>
public sealed record LoadBalancerQuorumOptions(
    bool EnforceSingleConfiguration,
    ImmutableArray<ReplicaAddress> Addresses,
    string DataDirectory,
    TimeSpan ElectionTimeout,
    TimeSpan HeartbeatInterval,
    bool LeaseReads);

/// <summary>Certificates and tokens of gale-lb; every path is null when not given.</summary>
/// <param name="AllowedNodes">Where nodes may call from without mTLS; empty: the private interface's subnets.</param>
public sealed record LoadBalancerSecurityOptions(
    string? CaFile,
    string? CertificateFile,
    string? KeyFile,
    string? ApiTokenFile,
    string? NodeTokenFile,
    ImmutableArray<IPNetwork> AllowedNodes)
{
    /// <summary>True when peers and nodes must show a certificate; the three files are given together or not at all.</summary>
    public bool MutualTls => CaFile is not null;
}
