using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using GaleLb.Configuration.Options;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>Kinds of values that say what a node's health check looks at.</summary>
internal static class CheckKinds
{
    /// <summary><c>8080</c> or <c>"127.0.0.1:8080"</c> or <c>"[::1]:8080"</c></summary>
    public static readonly ValueKind<TcpCheckTarget?> Tcp = new("a port as 8080, or an address and port as \"127.0.0.1:8080\"", ReadTcp);

    public static readonly ValueKind<Uri?> Http = new("an address as \"http://127.0.0.1:8080/health\"", ReadHttp);

    public static readonly ValueKind<ImmutableArray<string>> Exec =
        new("a program and its arguments as [\"/usr/bin/check\", \"--quick\"]", ReadExec);

    private static bool ReadTcp(TomlValue value, string path, ConfigurationReport report, out TcpCheckTarget? result)
    {
        result = null;
        if (value is TomlInteger)
        {
            bool isPort = ValueKinds.Port.TryRead(value, path, report, out ushort port);
            result = new TcpCheckTarget(null, port);
            return isPort;
        }

        if (value is not TomlString text)
        {
            return ValueKinds.Fail(value, path, report, Tcp.Name);
        }

        int colon = text.Value.LastIndexOf(':');
        string host = colon < 0 ? "" : text.Value[..colon];
        bool isBracketed = host is ['[', .., ']'];
        if (!NetworkKinds.TryParseAddress(isBracketed ? host[1..^1] : host, out IPAddress? address)
            || isBracketed != (address.AddressFamily == AddressFamily.InterNetworkV6)
            || !ushort.TryParse(text.Value.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort number)
            || number == 0)
        {
            return ValueKinds.Fail(value, path, report, Tcp.Name, "is not one");
        }

        result = new TcpCheckTarget(address, number);
        return true;
    }

    private static bool ReadHttp(TomlValue value, string path, ConfigurationReport report, out Uri? result)
    {
        result = null;
        if (value is not TomlString text)
        {
            return ValueKinds.Fail(value, path, report, Http.Name);
        }

        bool isHttp = Uri.TryCreate(text.Value, UriKind.Absolute, out result) && result.Scheme is "http" or "https" && result.Host.Length > 0;
        return isHttp || ValueKinds.Fail(value, path, report, Http.Name, "is not one");
    }

    /// <summary>Not a list of different things: an argument may be repeated.</summary>
    private static bool ReadExec(TomlValue value, string path, ConfigurationReport report, out ImmutableArray<string> result)
    {
        result = [];
        if (value is not TomlArray array)
        {
            return ValueKinds.Fail(value, path, report, Exec.Name);
        }

        if (array.Items.Count == 0 || array.Items[0] is TomlString { Value: "" })
        {
            return ValueKinds.Fail(value, path, report, Exec.Name, "names no program");
        }

        bool complete = true;
        ImmutableArray<string>.Builder arguments = ImmutableArray.CreateBuilder<string>(array.Items.Count);
        for (int i = 0; i < array.Items.Count; i++)
        {
            string itemPath = string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]");
            complete &= TextKinds.Argument.TryRead(array.Items[i], itemPath, report, out string? argument);
            arguments.Add(argument ?? "");
        }

        result = arguments.MoveToImmutable();
        return complete;
    }
}
