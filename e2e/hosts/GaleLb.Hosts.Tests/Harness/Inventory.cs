using System.Collections.Immutable;
using System.Text.Json;

namespace GaleLb.Hosts.Tests.Harness;

/// <summary>Ansible's inventory as `ansible-inventory --list` tells it: groups of hosts, and each host's variables with those of its groups.</summary>
public sealed class Inventory
{
    private const string File = "GALE_E2E_INVENTORY";
    private readonly JsonElement _root;

    private Inventory(JsonElement root) => _root = root;

    /// <summary>That of the file in GALE_E2E_INVENTORY; null where the variable is not set.</summary>
    public static Inventory? Named { get; } =
        Environment.GetEnvironmentVariable(File) is { Length: > 0 } path ? Parse(System.IO.File.ReadAllText(path)) : null;

    public static Inventory Parse(string json) => new(JsonDocument.Parse(json).RootElement);

    /// <summary>The hosts of a group and of the groups below it, in the inventory's order; none if there is no such group.</summary>
    public ImmutableArray<string> Group(string name)
    {
        if (!_root.TryGetProperty(name, out var group))
        {
            return [];
        }

        return [.. Names(group, "hosts").Concat(Names(group, "children").SelectMany(child => Group(child))).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>A variable of a host as a text; null if it is not set, or empty.</summary>
    /// <exception cref="InvalidDataException">It is no plain value.</exception>
    public string? Variable(string host, string name)
    {
        if (!_root.GetProperty("_meta").GetProperty("hostvars").TryGetProperty(host, out var variables) || !variables.TryGetProperty(name, out var value))
        {
            return null;
        }

        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.Null => "",
            _ => throw new InvalidDataException($"{host}: {name} is a vaulted or composed value; the tests need a plain one"),
        };
        // ansible-inventory tells templates as they are written.
        return text.Contains("{{", StringComparison.Ordinal) ? throw new InvalidDataException($"{host}: {name} is a template, {text}; the tests need a plain value")
            : text.Length > 0 ? text
            : null;
    }

    private static IEnumerable<string> Names(JsonElement group, string list) =>
        group.TryGetProperty(list, out var names) ? names.EnumerateArray().Select(n => n.GetString()!) : [];
}
