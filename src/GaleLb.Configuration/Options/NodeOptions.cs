using System.Collections.Immutable;
using System.Net;

namespace GaleLb.Configuration.Options;

/// <summary>A valid configuration of gale-node, every default filled in.</summary>
/// <param name="LoadBalancers">Replicas to try, in the file's order.</param>
public sealed record NodeOptions(
    ImmutableArray<LoadBalancerAddress> LoadBalancers,
    NodeIdentityOptions Node,
    HealthCheckOptions HealthCheck,
    NodeForwardingOptions Forwarding,
    NodeSecurityOptions Security);

/// <summary>One replica to heartbeat to, by IP address or by host name; <see cref="Host"/> is either in text.</summary>
public sealed record LoadBalancerAddress(string Host, ushort Port)
{
    /// <summary>gale-lb's default <c>node_port</c>.</summary>
    public const ushort DefaultPort = 7070;

    /// <summary>The address when the file gives one, null for a host name.</summary>
    public IPAddress? Ip => IPAddress.TryParse(Host, out IPAddress? ip) ? ip : null;

    public override string ToString() => Ip is { } ip ? new IPEndPoint(ip, Port).ToString() : $"{Host}:{Port}";
}

/// <param name="Name">Unique in the cluster; null: the machine's host name.</param>
/// <param name="Ip">Source address towards the replicas, and where traffic goes; null: the system's choice.</param>
/// <param name="ServicePort">Where this node serves; 0: each service's target port.</param>
/// <param name="Weight">Its share relative to other nodes, 0 to 1000.</param>
/// <param name="Services">Services it serves, by name; empty: all.</param>
public sealed record NodeIdentityOptions(string? Name, IPAddress? Ip, ushort ServicePort, int Weight, ImmutableArray<string> Services);

/// <summary>How gale-node checks its own service. At most one of the three kinds is given; none: a TCP connect to the service's port.</summary>
/// <param name="Exec">Program and arguments; empty: not given. Exit code 0 passes.</param>
public sealed record HealthCheckOptions(
    TcpCheckTarget? Tcp, Uri? Http, ImmutableArray<string> Exec, TimeSpan Interval, TimeSpan Timeout);

/// <param name="Address">Null: the node's own address.</param>
public sealed record TcpCheckTarget(IPAddress? Address, ushort Port);

public enum NodeForwardingMode
{
    /// <summary>Nothing is set up on the node: enough for L4.</summary>
    None,
    L2,
    L3,
}

/// <summary>Who takes packets out of those that replicas put around them.</summary>
public enum NodeDecapsulation
{
    /// <summary>Tunnel devices that are up already, where they take all that is needed; else gale-node's own program.</summary>
    Auto,

    /// <summary>Tunnel devices of the kernel or nobody.</summary>
    Kernel,

    /// <summary>gale-node's own program, in XDP.</summary>
    Xdp,

    /// <summary>The same in TC: for veths and drivers without XDP.</summary>
    Tc,
}

/// <summary>What gale-node sets up, and takes down again, so that the node answers clients itself.</summary>
/// <param name="Addresses">Service addresses to hold; empty: those that the replicas name.</param>
/// <param name="Device">The device that holds them.</param>
/// <param name="Decapsulation">In mode L3, who unwraps.</param>
public sealed record NodeForwardingOptions(
    NodeForwardingMode Mode, ImmutableArray<IPAddress> Addresses, string Device, NodeDecapsulation Decapsulation = NodeDecapsulation.Auto);

/// <summary>Certificates and token of gale-node; every path is null when not given.</summary>
public sealed record NodeSecurityOptions(string? CaFile, string? CertificateFile, string? KeyFile, string? NodeTokenFile)
{
    /// <summary>True when the node shows a certificate and wants the replica's; the three files are given together or not at all.</summary>
    public bool MutualTls => CaFile is not null;
}
