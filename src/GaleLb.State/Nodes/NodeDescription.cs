using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace GaleLb.State.Nodes;

/// <summary>
/// What a node says of itself. <paramref name="Instance"/> is drawn when its process starts; <paramref name="Port"/> 0
/// means each service's target port; <paramref name="Weight"/> is 0 to <see cref="WeightMax"/>;
/// <paramref name="Services"/> are names in ordinal order, empty for all.
/// </summary>
public sealed record NodeDescription(
    ulong Instance, IPAddress Address, ushort Port, ushort Weight, ImmutableArray<string> Services)
{
    public const ushort WeightMax = 1000;
    public const ushort WeightDefault = 100;
    public const int ServicesMax = 512;

    /// <summary>Sorts names and drops repetitions, which is the form that records keep.</summary>
    public static ImmutableArray<string> Canonical(ImmutableArray<string> names)
    {
        if (names.IsDefaultOrEmpty)
            return [];
        return IsCanonical(names) ? names : [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>Null when it may be registered, else the field and what is wrong with it.</summary>
    public (string Field, string Message)? Check()
    {
        if (CheckAddress(Address) is { } address)
            return ("address", address);
        if (Weight > WeightMax)
            return ("weight", $"a weight is from 0 to {WeightMax}, not {Weight}");
        return CheckServices("services", Services);
    }

    internal static (string Field, string Message)? CheckServices(string field, ImmutableArray<string> names)
    {
        if (names.Length > ServicesMax)
            return (field, $"at most {ServicesMax} services may be named, not {names.Length}");
        if (!IsCanonical(names))
            return (field, "service names are to be in ordinal order, each once");
        foreach (string name in names)
            if (NameRules.CheckService(name) is { } wrong)
                return (field, wrong);
        return null;
    }

    internal static string? CheckAddress(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return $"{address} is an IPv4 address in IPv6 form; give it as IPv4";
        bool v4 = address.AddressFamily == AddressFamily.InterNetwork;
        bool unusable = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || address.Equals(IPAddress.Broadcast)
            || address.IsIPv6Multicast || (v4 && address.GetAddressBytes()[0] is >= 224 and < 240);
        return unusable ? $"{address} is not the address of one host" : null;
    }

    private static bool IsCanonical(ImmutableArray<string> names)
    {
        for (int i = 1; i < names.Length; i++)
            if (string.CompareOrdinal(names[i - 1], names[i]) >= 0)
                return false;
        return true;
    }
}
