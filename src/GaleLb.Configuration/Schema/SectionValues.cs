using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>What a file says in one section: the values that are right, and the places of all.</summary>
internal sealed class SectionValues
{
    private readonly TomlTable? _table;
    private readonly Dictionary<ConfigurationKey, object?> _values = [];

    private SectionValues(TomlTable? table, string path)
    {
        _table = table;
        Path = path;
    }

    /// <summary>The section's name, with its number when it is repeated.</summary>
    public string Path { get; }

    /// <summary>False when the file has no such section.</summary>
    public bool IsPresent => _table is not null;

    /// <summary>The section's header.</summary>
    public TomlPosition Position => _table?.Position ?? TomlPosition.Start;

    /// <summary>Reads a section; an absent one has the defaults, and misses what is required.</summary>
    /// <param name="all">All sections of the file, to know nested ones and to say where a misplaced key belongs.</param>
    public static SectionValues Read(
        ConfigurationSection section, TomlTable? table, string path, IReadOnlyList<ConfigurationSection> all, ConfigurationReport report)
    {
        SectionValues values = new(table, path);
        foreach (TomlEntry entry in table?.Entries ?? [])
        {
            ConfigurationKey? key = section.Keys.FirstOrDefault(k => string.Equals(k.Name, entry.Key, StringComparison.Ordinal));
            if (key is null && all.Any(s => string.Equals(s.Name, $"{section.Name}.{entry.Key}", StringComparison.Ordinal)))
            {
                continue;
            }

            if (key is null)
            {
                report.Error(entry.Position, UnknownKey.Join(path, entry.Key), $"unknown key; {Hint(entry.Key, section, all)}");
            }
            else if (key.TryRead(entry.Value, $"{path}.{key.Name}", report, out object? value))
            {
                values._values.Add(key, value);
            }
        }

        foreach (ConfigurationKey key in section.Keys)
        {
            if (key.Required && !values.IsWritten(key))
            {
                string where = values.IsPresent ? "is missing" : $"is missing, there is no {section.Header}";
                report.Error(values.Position, $"{path}.{key.Name}", $"{where}; expected {key.TypeName}");
            }
        }

        return values;
    }

    /// <summary>The value, or the key's default when it is absent or wrong (which has been reported).</summary>
    public T Get<T>(ConfigurationKey<T> key) => _values.TryGetValue(key, out object? value) ? (T)value! : key.Default;

    /// <summary>True when the file has the key with a value that is right by itself.</summary>
    public bool IsGiven(ConfigurationKey key) => _values.ContainsKey(key);

    /// <summary>Where the key's value stands; the section's header when it is absent.</summary>
    public TomlPosition PositionOf(ConfigurationKey key) =>
        _table is not null && _table.TryGet(key.Name, out TomlEntry? entry) ? entry.Value.Position : Position;

    /// <summary>Where an item of the key's array stands.</summary>
    public TomlPosition PositionOf(ConfigurationKey key, int item) =>
        _table is not null && _table.TryGet(key.Name, out TomlEntry? entry) && entry.Value is TomlArray array
            ? array.Items[item].Position
            : PositionOf(key);

    public string PathOf(ConfigurationKey key) => $"{Path}.{key.Name}";

    /// <summary>True when the file has the key with a wrong value, which was reported: rules about it would only repeat that.</summary>
    public bool IsWrong(ConfigurationKey key) => IsWritten(key) && !IsGiven(key);

    private bool IsWritten(ConfigurationKey key) => _table is not null && _table.TryGet(key.Name, out _);

    private static string Hint(string written, ConfigurationSection section, IReadOnlyList<ConfigurationSection> all)
    {
        ConfigurationSection? home = all.FirstOrDefault(s => s.Keys.Any(k => string.Equals(k.Name, written, StringComparison.Ordinal)));
        return home is null ? UnknownKey.Hint(written, [.. section.Keys.Select(k => k.Name)]) : $"it belongs in {home.Header}";
    }
}
