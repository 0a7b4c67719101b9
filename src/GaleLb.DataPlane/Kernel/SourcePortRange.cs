using System.Globalization;

namespace GaleLb.DataPlane.Kernel;

/// <summary>
/// Chooses the ports from which translated connections go to nodes: TC drops what comes back for them without a flow, so nothing else on this
/// machine may use them. Pure but for <see cref="ReadLocal"/>.
/// </summary>
public static class SourcePortRange
{
    public const ushort Lowest = 1024;
    private const int CountMin = 1024;

    /// <summary>What of this network namespace's ports is in use.</summary>
    /// <param name="Ephemeral">ip_local_port_range.</param>
    /// <param name="Listening">Bound ports, TCP and UDP, ascending.</param>
    public sealed record LocalPorts(PortRange Ephemeral, IReadOnlyList<ushort> Listening)
    {
        /// <summary>In words, why a range cannot be taken; null if it can.</summary>
        public string? Conflict(PortRange range)
        {
            if (range.First <= Ephemeral.Last && Ephemeral.First <= range.Last)
                return $"overlaps this machine's own ephemeral ports {Ephemeral} (/proc/sys/net/ipv4/ip_local_port_range)";
            ushort[] taken = [.. Listening.Where(p => range.Contains(p))];
            return taken.Length == 0 ? null : $"contains {string.Join(", ", taken)}, on which something listens";
        }
    }

    public static LocalPorts ReadLocal()
    {
        SortedSet<ushort> listening = [];
        foreach ((string file, string state) in new[] { ("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07") })
        {
            string path = $"/proc/thread-self/net/{file}";
            if (File.Exists(path)) listening.UnionWith(ParseSockets(File.ReadAllText(path), state));
        }

        return new LocalPorts(ParseEphemeral(File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range")), [.. listening]);
    }

    /// <summary>Checks the range that was asked for, keeps the former one while it is still free, or takes the widest that is.</summary>
    /// <param name="reserved">The replica's own and its services' ports.</param>
    /// <exception cref="DataPlaneException">The range asked for is in use, or none is free.</exception>
    public static PortRange Choose(PortRange? asked, PortRange? former, LocalPorts local, IEnumerable<ushort> reserved)
    {
        LocalPorts all = local with { Listening = [.. local.Listening.Concat(reserved).Distinct().Order()] };
        if (asked is { } range)
        {
            if (range.First > range.Last || range.First < Lowest)
                throw new DataPlaneException($"source ports {range}: expected FIRST-LAST from {Lowest} to 65535");
            string? conflict = all.Conflict(range);
            return conflict is null ? range : throw new DataPlaneException($"source ports {range}: the range {conflict}");
        }

        if (former is { } kept && kept.First >= Lowest && kept.Count >= CountMin && all.Conflict(kept) is null) return kept;
        PortRange widest = Widest(all);
        return widest.Count >= CountMin
            ? widest
            : throw new DataPlaneException(
                $"no {CountMin} adjacent ports are free as source ports towards nodes: narrow /proc/sys/net/ipv4/ip_local_port_range (now {local.Ephemeral})");
    }

    /// <param name="text">Two numbers.</param>
    public static PortRange ParseEphemeral(string text)
    {
        string[] parts = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return new PortRange(ushort.Parse(parts[0]), ushort.Parse(parts[1]));
    }

    /// <summary>The local ports in a state of /proc/net/tcp and the like.</summary>
    /// <param name="state">Two hexadecimal digits: 0A listens, 07 is an unconnected UDP socket.</param>
    public static IEnumerable<ushort> ParseSockets(string text, string state)
    {
        foreach (string line in text.Split('\n').Skip(1))
        {
            string[] fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 4 || fields[3] != state) continue;
            yield return ushort.Parse(fields[1].AsSpan(fields[1].LastIndexOf(':') + 1), NumberStyles.HexNumber);
        }
    }

    private static PortRange Widest(LocalPorts local)
    {
        PortRange best = new(1, 0);
        int first = Lowest;
        for (int port = Lowest; port <= ushort.MaxValue + 1; port++)
        {
            bool free = port <= ushort.MaxValue && !local.Ephemeral.Contains(port);
            if (free && !Listens(local, port)) continue;
            if (port - first > best.Count) best = new PortRange((ushort)first, (ushort)(port - 1));
            first = port + 1;
        }

        return best;
    }

    private static bool Listens(LocalPorts local, int port)
    {
        int low = 0, high = local.Listening.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (local.Listening[middle] == port) return true;
            if (local.Listening[middle] < port) low = middle + 1;
            else high = middle - 1;
        }

        return false;
    }
}
