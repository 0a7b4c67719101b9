using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>Kinds of values that name places in a network.</summary>
internal static class NetworkKinds
{
    public static readonly ValueKind<IPAddress> Address = new("an IP address as \"192.168.1.2\" or \"2001:db8::2\"", ReadAddress);

    public static readonly ValueKind<IPAddress?> OptionalAddress = new(Address.Name,
        (TomlValue value, string path, ConfigurationReport report, out IPAddress? result) => ReadAddress(value, path, report, out result));

    public static readonly ValueKind<IPNetwork> Network = new("a network as \"10.0.0.0/8\" or \"2001:db8::/32\"", ReadNetwork);

    /// <summary><c>{ ip = "192.168.1.2", port = 9090 }</c></summary>
    public static readonly ValueKind<ReplicaAddress> Replica = new("a table as { ip = \"192.168.1.2\", port = 9090 }", ReadReplica);

    /// <summary><c>{ ip = "192.168.1.2", port = 7070 }</c> or <c>{ hostname = "lb-0.local", port = 7070 }</c></summary>
    public static readonly ValueKind<LoadBalancerAddress> LoadBalancer =
        new("a table as { ip = \"192.168.1.2\", port = 7070 } or { hostname = \"lb-0.local\", port = 7070 }", ReadLoadBalancer);

    private static readonly string[] ReplicaKeys = ["ip", "port"];
    private static readonly string[] LoadBalancerKeys = ["ip", "hostname", "port"];

    /// <summary>
    /// Reads an address in its usual form: four decimal parts, or IPv6 without zone. .NET alone would also take "1", "0x7f.1" and "010.0.0.1".
    /// </summary>
    public static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        bool isAddress = IPAddress.TryParse(text, out address);
        if (!isAddress || text.Contains('%', StringComparison.Ordinal) || text.Contains('[', StringComparison.Ordinal))
        {
            return false;
        }

        return address!.AddressFamily == AddressFamily.InterNetworkV6 || string.Equals(address.ToString(), text, StringComparison.Ordinal);
    }

    private static bool ReadAddress(
        TomlValue value, string path, ConfigurationReport report, [MaybeNullWhen(false)] out IPAddress result)
    {
        result = null;
        if (value is not TomlString text)
        {
            return ValueKinds.Fail(value, path, report, Address.Name);
        }

        if (!TryParseAddress(text.Value, out result))
        {
            return ValueKinds.Fail(value, path, report, Address.Name, "is not an IP address");
        }

        if (result.IsIPv4MappedToIPv6)
        {
            return ValueKinds.Fail(value, path, report, $"\"{result.MapToIPv4()}\"", "is an IPv4 address in IPv6 form");
        }

        bool isMulticast = result.IsIPv6Multicast
            || (result.AddressFamily == AddressFamily.InterNetwork && result.GetAddressBytes()[0] >= 224);
        bool isAny = result.Equals(IPAddress.Any) || result.Equals(IPAddress.IPv6Any);
        return !(isMulticast || isAny)
            || ValueKinds.Fail(value, path, report, "the address of one machine", isAny ? "stands for every address" : "is a multicast or broadcast address");
    }

    private static bool ReadNetwork(TomlValue value, string path, ConfigurationReport report, out IPNetwork result)
    {
        result = default;
        if (value is not TomlString text)
        {
            return ValueKinds.Fail(value, path, report, Network.Name);
        }

        string[] parts = text.Value.Split('/');
        if (parts.Length != 2
            || !TryParseAddress(parts[0], out IPAddress? address)
            || parts[1].Length > 3
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int prefix)
            || prefix > (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128))
        {
            return ValueKinds.Fail(value, path, report, Network.Name, "is not a network");
        }

        IPAddress first = NetworkAddress(address, prefix);
        result = new IPNetwork(first, prefix);
        return first.Equals(address) || ValueKinds.Fail(value, path, report, $"\"{result}\"", $"has bits set beyond /{prefix}");
    }

    private static IPAddress NetworkAddress(IPAddress address, int prefix)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int i = 0; i < bytes.Length; i++)
        {
            int kept = Math.Clamp(prefix - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }

        return new IPAddress(bytes);
    }

    private static bool ReadReplica(
        TomlValue value, string path, ConfigurationReport report, [MaybeNullWhen(false)] out ReplicaAddress result)
    {
        result = null;
        if (value is not TomlTable table)
        {
            return ValueKinds.Fail(value, path, report, Replica.Name);
        }

        bool complete = UnknownKey.Report(table, ReplicaKeys, path, report);
        complete &= TryReadMember(table, "ip", path, Address, report, out IPAddress? ip);
        complete &= TryReadMember(table, "port", path, ValueKinds.Port, report, out ushort port);
        result = complete ? new ReplicaAddress(ip!, port) : null;
        return complete;
    }

    private static bool ReadLoadBalancer(
        TomlValue value, string path, ConfigurationReport report, [MaybeNullWhen(false)] out LoadBalancerAddress result)
    {
        result = null;
        if (value is not TomlTable table)
        {
            return ValueKinds.Fail(value, path, report, LoadBalancer.Name);
        }

        bool complete = UnknownKey.Report(table, LoadBalancerKeys, path, report);
        string host = "";
        bool hasIp = table.TryGet("ip", out _);
        if (hasIp && table.TryGet("hostname", out TomlEntry? both))
        {
            report.Error(both.Position, path, "has both ip and hostname; expected one of them");
            complete = false;
        }
        else if (!hasIp && table.TryGet("hostname", out TomlEntry? hostname))
        {
            complete &= ReadHostName(hostname.Value, path + ".hostname", report, out host);
        }
        else
        {
            complete &= TryReadMember(table, "ip", path, Address, report, out IPAddress? ip);
            host = ip?.ToString() ?? "";
        }

        ushort port = LoadBalancerAddress.DefaultPort;
        if (table.TryGet("port", out _))
        {
            complete &= TryReadMember(table, "port", path, ValueKinds.Port, report, out port);
        }

        result = complete ? new LoadBalancerAddress(host, port) : null;
        return complete;
    }

    private static bool ReadHostName(TomlValue value, string path, ConfigurationReport report, out string host)
    {
        const string expected = "a host name as \"lb-0.local\"";
        host = "";
        if (value is not TomlString text)
        {
            return ValueKinds.Fail(value, path, report, expected);
        }

        host = text.Value;
        return IPAddress.TryParse(host, out _)
            ? ValueKinds.Fail(value, path, report, "it as ip, or a host name", "is an IP address")
            : TextKinds.IsHostName(host) || ValueKinds.Fail(value, path, report, expected, "is not a host name");
    }

    private static bool TryReadMember<T>(
        TomlTable table, string key, string path, ValueKind<T> kind, ConfigurationReport report, [MaybeNullWhen(false)] out T result)
    {
        if (table.TryGet(key, out TomlEntry? entry))
        {
            return kind.TryRead(entry.Value, $"{path}.{key}", report, out result);
        }

        result = default;
        report.Error(table.Position, $"{path}.{key}", $"is missing; expected {kind.Name}");
        return false;
    }
}
