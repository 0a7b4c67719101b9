using System.Globalization;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>Finds a file's sections and refuses what is none.</summary>
internal sealed class FileSections
{
    private readonly TomlTable _root;
    private readonly IReadOnlyList<ConfigurationSection> _all;
    private readonly ConfigurationReport _report;

    public FileSections(TomlTable root, IReadOnlyList<ConfigurationSection> all, ConfigurationReport report)
    {
        _root = root;
        _all = all;
        _report = report;
        foreach (TomlEntry entry in root.Entries)
        {
            if (!all.Any(s => string.Equals(s.Name, entry.Key, StringComparison.Ordinal)))
            {
                report.Error(entry.Position, TomlText.Key(entry.Key), Unknown(entry));
            }
        }
    }

    public bool Has(ConfigurationSection section) => _root.TryGet(section.Name, out _);

    /// <summary>Where a section begins that the file has.</summary>
    public TomlPosition PositionOf(ConfigurationSection section) =>
        _root.TryGet(section.Name, out TomlEntry? entry) ? entry.Value.Position : TomlPosition.Start;

    /// <summary>Reads a section that stands once at most.</summary>
    public SectionValues Read(ConfigurationSection section)
    {
        TomlTable? table = _root;
        foreach (string part in section.Name.Split('.'))
        {
            table = table is not null && table.TryGet(part, out TomlEntry? entry) ? AsTable(entry, section) : null;
        }

        return SectionValues.Read(section, table, section.Name, _all, _report);
    }

    /// <summary>Reads a section that may be repeated; null when the file does not mention it.</summary>
    public IReadOnlyList<SectionValues>? ReadAll(ConfigurationSection section)
    {
        if (!_root.TryGet(section.Name, out TomlEntry? entry))
        {
            return null;
        }

        if (entry.Value is not TomlArray array)
        {
            _report.Error(entry.Position, section.Name, $"is {entry.Value.TypeName}; expected {section.Header}");
            return [];
        }

        List<SectionValues> items = [];
        for (int i = 0; i < array.Items.Count; i++)
        {
            string path = string.Create(CultureInfo.InvariantCulture, $"{section.Name}[{i}]");
            if (array.Items[i] is TomlTable table)
            {
                items.Add(SectionValues.Read(section, table, path, _all, _report));
            }
            else
            {
                _report.Error(array.Items[i].Position, path, $"is {array.Items[i].TypeName}; expected {section.Header}");
            }
        }

        return items;
    }

    private TomlTable? AsTable(TomlEntry entry, ConfigurationSection section)
    {
        if (entry.Value is TomlTable table)
        {
            return table;
        }

        _report.Error(entry.Position, section.Name, entry.Value is TomlArray { IsArrayOfTables: true }
            ? $"is given as [[{section.Name}]]; expected {section.Header} once"
            : $"is {entry.Value.TypeName}; expected the section {section.Header}");
        return null;
    }

    private string Unknown(TomlEntry entry)
    {
        string[] names = [.. _all.Where(s => !s.Name.Contains('.', StringComparison.Ordinal)).Select(s => s.Name)];
        if (entry.Value is TomlTable or TomlArray)
        {
            return $"unknown section; {UnknownKey.Hint(entry.Key, names)}";
        }

        ConfigurationSection? home = _all.FirstOrDefault(s => s.Keys.Any(k => string.Equals(k.Name, entry.Key, StringComparison.Ordinal)));
        return home is null
            ? $"unknown key outside of any section; expected one of the sections {string.Join(", ", names)}"
            : $"stands outside of any section; it belongs in {home.Header}";
    }
}
