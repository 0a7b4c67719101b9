using System.Text.Json;
using System.Text.Json.Serialization;

namespace GaleLb.Bpf.Tests.Support;

/// <summary>One case of bpf/cases: what the maps hold, then packets one after the other with what must become of each.</summary>
public sealed record PacketCase(string Name, MapContent[] Given, PacketStep[] Steps)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static IReadOnlyList<PacketCase> All { get; } = ReadAll();

    public static TheoryData<string> Names()
    {
        TheoryData<string> names = [];
        foreach (PacketCase one in All) names.Add(one.Name);
        return names;
    }

    public static PacketCase Find(string name) => All.Single(c => c.Name == name);

    private static PacketCase[] ReadAll()
    {
        string[] files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "cases"), "*.json");
        Array.Sort(files, StringComparer.Ordinal);
        return [.. files.SelectMany(f => JsonSerializer.Deserialize<PacketCase[]>(File.ReadAllText(f), Options)!)];
    }
}

/// <summary>One entry of a map as bytes in hexadecimal, or a ring, or control ports.</summary>
/// <param name="EndsInMs">For a service: when the previous ring's time ends, from now.</param>
public sealed record MapContent(
    string? Map, string? Key, string? Value, bool Delete, int? EndsInMs, uint? Ring, ushort[]? Nodes, ControlPortList? ControlPorts);

public sealed record ControlPortList(ushort[] Tcp, ushort[] Udp);

/// <summary>A frame in, and the verdict, frame and counts that must come of it. Frames in hexadecimal.</summary>
/// <param name="Flows">The states of all entries of flows afterwards, sorted by name, or null where they do not matter.</param>
public sealed record PacketStep(
    string Program, string Packet, string Verdict, string Out, Dictionary<string, ulong> Counts, string? Note, MapContent[]? Given,
    string[]? Flows, string[]? HalfOpen)
{
    public byte[] PacketBytes => Convert.FromHexString(Packet);
}
