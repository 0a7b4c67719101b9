using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using GaleLb.State.Forwarding;

namespace GaleLb.LoadBalancer.Rest;

/// <summary>What queries about packets and connections name. Each answers null, or what is wrong; what is not asked for is null or empty.</summary>
internal static class TableQuery
{
    public static Problem? Number(HttpRequest request, string key, int otherwise, int least, int most, out int number)
    {
        string text = request.Query[key].ToString();
        number = otherwise;
        return text.Length == 0 || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most)
            ? null
            : Problem.Invalid(key, $"\"{text}\": a number from {least} to {most} expected");
    }

    /// <summary>A range as 10.0.0.0/8, or one address.</summary>
    public static Problem? Range(HttpRequest request, string key, out IPNetwork? range)
    {
        string text = request.Query[key].ToString();
        range = null;
        if (text.Length == 0)
            return null;
        if (IPNetwork.TryParse(text, out IPNetwork network))
            range = network;
        else if (IPAddress.TryParse(text, out IPAddress? one) && (text.Contains(':', StringComparison.Ordinal) || text.Count(c => c == '.') == 3))
            range = new IPNetwork(one, one.GetAddressBytes().Length * 8);
        return range is null ? Problem.Invalid(key, $"\"{text}\": an address or a range as 10.0.0.0/8 expected") : null;
    }

    public static Problem? Protocol(HttpRequest request, out Protocol? protocol)
    {
        string text = request.Query["protocol"].ToString();
        protocol = text switch
        {
            "tcp" => State.Forwarding.Protocol.Tcp,
            "udp" => State.Forwarding.Protocol.Udp,
            _ => null,
        };
        return text.Length == 0 || protocol is not null ? null : Problem.Invalid("protocol", $"\"{text}\": \"tcp\" or \"udp\" expected");
    }

    /// <summary>A service's rows, one for each of its addresses.</summary>
    public static Problem? Services(HttpRequest request, ForwardingTable table, out ImmutableArray<ServiceRow> rows)
    {
        string name = request.Query["service"].ToString();
        rows = name.Length == 0 ? [] : [.. table.Services.Where(s => s.Name == name)];
        return name.Length == 0 || !rows.IsEmpty ? null : Problem.NotFound("service", name);
    }

    public static Problem? Node(HttpRequest request, ForwardingTable table, out NodeRow? row)
    {
        string name = request.Query["node"].ToString();
        row = name.Length == 0 ? null : table.Nodes.FirstOrDefault(n => n.Name == name);
        return name.Length == 0 || row is not null ? null : Problem.NotFound("node", name);
    }

    public static Problem? Word(HttpRequest request, string key, ImmutableArray<string> known, out string? word)
    {
        string text = request.Query[key].ToString();
        word = text.Length == 0 ? null : text;
        return word is null || known.Contains(word) ? null : Problem.Invalid(key, $"\"{text}\": one of {string.Join(", ", known)} expected");
    }
}
