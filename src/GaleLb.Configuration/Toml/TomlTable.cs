using System.Diagnostics.CodeAnalysis;

namespace GaleLb.Configuration.Toml;

/// <summary>A key of a table with its value; <paramref name="Position"/> is the key's.</summary>
public sealed record TomlEntry(string Key, TomlPosition Position, TomlValue Value);

/// <summary>A table; entries keep the document's order.</summary>
public sealed class TomlTable : TomlValue
{
    private readonly Dictionary<string, TomlEntry> _byKey = new(StringComparer.Ordinal);
    private readonly List<TomlEntry> _entries = [];

    internal TomlTable(TomlPosition position, TomlTableOrigin origin)
        : base(position) => Origin = origin;

    public IReadOnlyList<TomlEntry> Entries => _entries;
    public override string TypeName => "a table";
    public override string Display => _entries.Count == 0 ? "{}" : "a table";

    /// <summary>How it came to be, which decides what may still be added to it.</summary>
    internal TomlTableOrigin Origin { get; set; }

    public bool TryGet(string key, [NotNullWhen(true)] out TomlEntry? entry) => _byKey.TryGetValue(key, out entry);

    internal void Add(string key, TomlPosition position, TomlValue value)
    {
        TomlEntry entry = new(key, position, value);
        _byKey.Add(key, entry);
        _entries.Add(entry);
    }
}

/// <summary>The ways in which TOML brings a table into being.</summary>
internal enum TomlTableOrigin
{
    /// <summary>The document, or by <c>[name]</c>, or an element of <c>[[name]]</c>: its own keys only under that header.</summary>
    Header,

    /// <summary>Named on the way to a longer header; may be defined once later.</summary>
    Implicit,

    /// <summary>Made by a dotted key: more dotted keys may add to it, no header may define it.</summary>
    Dotted,

    /// <summary>Written as <c>{ … }</c>: closed for good.</summary>
    Inline,
}
