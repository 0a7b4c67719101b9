using System.Diagnostics.CodeAnalysis;
using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>Reads one value, or reports what was wrong with it at its place and returns false.</summary>
internal delegate bool ReadValue<T>(
    TomlValue value, string path, ConfigurationReport report, [MaybeNullWhen(false)] out T result);

/// <summary>A kind of value.</summary>
/// <param name="Name">What is expected, with its article, for errors and the reference.</param>
internal sealed record ValueKind<T>(string Name, ReadValue<T> TryRead);
