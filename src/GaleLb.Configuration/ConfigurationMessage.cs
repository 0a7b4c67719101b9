using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration;

/// <summary>An error or a warning about one place of a file; as text: <c>lb.toml:12:9: section.key: what is wrong, what was expected</c>.</summary>
/// <param name="File">The file as the caller named it.</param>
/// <param name="Position">Null when it is about the file as such.</param>
/// <param name="Key">The dotted key, empty when it is about no key.</param>
/// <param name="Detail">The value found and what was expected, on one line.</param>
public sealed record ConfigurationMessage(string File, TomlPosition? Position, string Key, string Detail)
{
    public override string ToString() =>
        (Position is { } position ? $"{File}:{position}: " : $"{File}: ") + (Key.Length > 0 ? Key + ": " : "") + Detail;
}
