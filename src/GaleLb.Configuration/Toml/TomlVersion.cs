namespace GaleLb.Configuration.Toml;

/// <summary>Which edition of the TOML specification a document is held to.</summary>
public enum TomlVersion
{
    /// <summary>TOML 1.0.0 (2021-01-11).</summary>
    V10,

    /// <summary>
    /// TOML 1.1.0: adds newlines, comments and trailing commas in inline tables, <c>\e</c> and <c>\xHH</c> escapes,
    /// and times without seconds.
    /// </summary>
    V11,
}
