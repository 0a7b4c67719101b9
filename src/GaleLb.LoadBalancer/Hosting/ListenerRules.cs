using System.Net;

namespace GaleLb.LoadBalancer.Hosting;

/// <summary>Who may call which port when no certificates are configured (closed by default).</summary>
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
