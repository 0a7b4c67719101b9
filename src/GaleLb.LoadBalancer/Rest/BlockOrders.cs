using System.Globalization;
using System.Net;
using System.Net.Sockets;
using GaleLb.State.Blocks;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>Reads client ranges as requests name them.</summary>
internal static class BlockOrders
{
    /// <summary>Of "203.0.113.0/24", "2001:db8::/32", or one address.</summary>
    public static (ClientPrefix? Prefix, Problem? Problem) Read(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return (null, Wrong("a range of clients such as \"203.0.113.0/24\" expected"));
        string[] parts = text.Split('/');
        byte length = 0;
        bool isRange = parts.Length == 2 && byte.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out length);
        if ((parts.Length > 1 && !isRange) || ReadAddress(parts[0]) is not { } address)
            return (null, Wrong($"a range of clients such as \"203.0.113.0/24\", or one address, expected; not \"{text}\""));
        ClientPrefix prefix = new(address, isRange ? length : (byte)(address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128));
        return prefix.Check() is { } wrong ? (null, Wrong(wrong)) : (prefix, null);
    }

    /// <summary>Parsing alone would take "10.1" for 10.0.0.1 and let an interface's name hide behind a %.</summary>
    private static IPAddress? ReadAddress(string text) =>
        IPAddress.TryParse(text, out IPAddress? address)
        && (address.AddressFamily == AddressFamily.InterNetwork ? address.ToString() == text : !text.Contains('%'))
            ? address : null;

    private static Problem Wrong(string detail) => Problem.Invalid("cidr", detail);
}
