namespace GaleLb.Configuration.Toml;

/// <summary>A document is not TOML. The only exception that <see cref="TomlReader"/> throws for any input.</summary>
public sealed class TomlException : Exception
{
    public TomlException(TomlPosition position, string key, string detail)
        : base(key.Length == 0 ? $"{position}: {detail}" : $"{position}: {key}: {detail}")
    {
        Position = position;
        Key = key;
        Detail = detail;
    }

    /// <summary>Where the first violation stands.</summary>
    public TomlPosition Position { get; }

    /// <summary>The dotted key being read there, empty outside of any.</summary>
    public string Key { get; }

    /// <summary>What was found and what was expected, without position and key.</summary>
    public string Detail { get; }
}
