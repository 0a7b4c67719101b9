using System.Buffers;
using System.Globalization;
using System.Text;

namespace GaleLb.Configuration.Toml;

/// <summary>Text of documents as it is shown to people.</summary>
internal static class TomlText
{
    private const int ShownMax = 60;

    private static readonly SearchValues<char> BareKeyCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public static bool IsBareKeyCharacter(char c) => BareKeyCharacters.Contains(c);

    /// <summary>A key as it would be written: bare where it can be.</summary>
    public static string Key(string key) =>
        key.Length > 0 && !key.AsSpan().ContainsAnyExcept(BareKeyCharacters) ? Cut(key) : Quote(key);

    /// <summary>A text as it stands, cut when long.</summary>
    public static string Cut(ReadOnlySpan<char> text) =>
        text.Length <= ShownMax ? text.ToString() : string.Concat(text[..ShownMax], "…");

    /// <summary>A string in quotes on one line, cut when long.</summary>
    public static string Quote(string value)
    {
        StringBuilder shown = new("\"");
        int count = 0;
        foreach (Rune rune in value.EnumerateRunes())
        {
            if (count++ == ShownMax)
            {
                shown.Append('…');
                break;
            }

            shown.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ => Rune.IsControl(rune) ? string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}") : rune.ToString(),
            });
        }

        return shown.Append('"').ToString();
    }

    /// <summary>The character at an offset for an error message.</summary>
    public static string Found(string text, int offset)
    {
        if (offset >= text.Length)
        {
            return "the end of the file";
        }

        if (text[offset] is '\n' or '\r')
        {
            return "the end of the line";
        }

        Rune rune = Rune.GetRuneAt(text, offset);
        return Rune.IsControl(rune) || (Rune.IsWhiteSpace(rune) && rune.Value != ' ')
            ? string.Create(CultureInfo.InvariantCulture, $"U+{rune.Value:X4}")
            : $"'{rune}'";
    }
}
