using System.Net;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>The ports that are a replica's own.</summary>
internal enum ListenerKind
{
    Node,
    Peer,
    Api,
}

internal static class CallerAddress
{
    /// <summary>An IPv4 caller on a dual-stack socket shows as ::ffff:a.b.c.d; rules are written in plain IPv4.</summary>
    public static IPAddress? Normalize(IPAddress? address) =>
        address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    public static bool IsLoopback(IPAddress? address) => address is not null && IPAddress.IsLoopback(address);
}
