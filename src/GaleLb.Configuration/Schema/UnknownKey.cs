using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>Refuses keys that mean nothing, with the one that was likely meant.</summary>
internal static class UnknownKey
{
    /// <summary>Reports each key of a table that is not among the known ones; true when there is none.</summary>
    public static bool Report(TomlTable table, IReadOnlyList<string> known, string path, ConfigurationReport report)
    {
        bool none = true;
        foreach (TomlEntry entry in table.Entries)
        {
            if (!known.Contains(entry.Key, StringComparer.Ordinal))
            {
                report.Error(entry.Position, Join(path, entry.Key), $"unknown key; {Hint(entry.Key, known)}");
                none = false;
            }
        }

        return none;
    }

    public static string Hint(string written, IReadOnlyList<string> known) =>
        NearestName.Find(written, known) is { } nearest ? $"did you mean {nearest}?" : $"expected one of {string.Join(", ", known)}";

    public static string Join(string path, string key) => path.Length == 0 ? TomlText.Key(key) : $"{path}.{TomlText.Key(key)}";
}
