using System.Text;
using System.Text.Unicode;

namespace GaleLb.Configuration.Toml;

/// <summary>Reads TOML 1.0 and 1.1 documents strictly: whatever the specification does not allow is refused.</summary>
/// <remarks>
/// Time and memory are linear in the document's length; nesting is bounded by <see cref="DepthMax"/>, so no input overflows
/// the stack. Source: toml.io/en/v1.0.0 and toml.io/en/v1.1.0, with their ABNF.
/// </remarks>
public static class TomlReader
{
    /// <summary>How deep arrays and inline tables may nest, and how many parts a dotted key may have.</summary>
    public const int DepthMax = 128;

    /// <summary>Reads a document from its bytes.</summary>
    /// <exception cref="TomlException">The bytes are not UTF-8 or not TOML of that version.</exception>
    public static TomlTable Read(ReadOnlySpan<byte> utf8, TomlVersion version = TomlVersion.V11)
    {
        if (!Utf8.IsValid(utf8))
        {
            throw BadByte(utf8);
        }

        return new TomlParser(Encoding.UTF8.GetString(utf8), version).ParseDocument();
    }

    private static TomlException BadByte(ReadOnlySpan<byte> utf8)
    {
        int line = 1, column = 1, offset = 0;
        while (Rune.DecodeFromUtf8(utf8[offset..], out Rune rune, out int length) == System.Buffers.OperationStatus.Done)
        {
            offset += length;
            (line, column) = rune.Value == '\n' ? (line + 1, 1) : (line, column + 1);
        }

        string hint = utf8.Length >= 2 && (utf8[0], utf8[1]) is (0xFF, 0xFE) or (0xFE, 0xFF)
            ? "; the file looks like UTF-16, save it as UTF-8"
            : "";
        return new TomlException(
            new TomlPosition(line, column), "", $"byte 0x{utf8[offset]:X2} is not UTF-8; expected a file in UTF-8{hint}");
    }
}
