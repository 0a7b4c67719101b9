using System.Diagnostics.CodeAnalysis;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>Kinds of values that are text: names and paths.</summary>
internal static class TextKinds
{
    /// <summary>A Linux interface name (dev_valid_name of the kernel).</summary>
    public static readonly ValueKind<string> InterfaceName = Text("an interface name of 1 to 15 characters, as \"eth0\"", IsInterfaceName);

    public static readonly ValueKind<string> FilePath = Text("a path to a file", IsPath);

    public static readonly ValueKind<string> DirectoryPath = Text("an absolute path to a directory", t => IsPath(t) && t[0] == '/');

    public static readonly ValueKind<string> ServiceName =
        Text("a name of 1 to 63 letters, digits, '.', '_' and '-'", t => t.Length is > 0 and <= 63 && t.All(IsNameCharacter));

    public static readonly ValueKind<string> NodeName =
        Text("a name of 1 to 253 letters, digits, '.', '_' and '-'", t => t.Length is > 0 and <= 253 && t.All(IsNameCharacter));

    public static readonly ValueKind<string> Argument = Text("text", t => !t.Contains('\0', StringComparison.Ordinal));

    /// <summary>Host names as resolvers take them: labels of letters, digits, '-' and '_' (RFC 1123 §2.1).</summary>
    public static bool IsHostName(string text) =>
        text.Length is > 0 and <= 253
        && text.TrimEnd('.').Split('.').All(label =>
            label.Length is > 0 and <= 63
            && label[0] != '-' && label[^1] != '-'
            && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));

    /// <summary>The same kind for a key that may be absent.</summary>
    public static ValueKind<string?> Optional(ValueKind<string> kind) =>
        new(kind.Name, (TomlValue value, string path, ConfigurationReport report, out string? result) =>
            kind.TryRead(value, path, report, out result));

    private static ValueKind<string> Text(string name, Func<string, bool> isValid) =>
        new(name, (TomlValue value, string path, ConfigurationReport report, [MaybeNullWhen(false)] out string result) =>
        {
            result = "";
            if (value is not TomlString text)
            {
                return ValueKinds.Fail(value, path, report, name);
            }

            result = text.Value;
            return isValid(result) || ValueKinds.Fail(value, path, report, name, "is not one");
        });

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';

    private static bool IsInterfaceName(string text) =>
        text.Length is > 0 and <= 15 && text is not ("." or "..") && text.All(c => c is > ' ' and < '\x7F' and not '/' and not ':');

    private static bool IsPath(string text) => text.Length is > 0 and <= 4095 && !text.Contains('\0', StringComparison.Ordinal);
}
