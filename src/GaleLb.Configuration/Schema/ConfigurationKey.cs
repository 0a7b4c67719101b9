using GaleLb.Configuration.Toml;

namespace GaleLb.Configuration.Schema;

/// <summary>How a key's value changes in a running cluster.</summary>
public enum KeyChange
{
    /// <summary>With a restart of this process.</summary>
    Restart,

    /// <summary>By an order, for the whole cluster; the file only founds it and is compared afterwards.</summary>
    Order,
}

/// <summary>
/// All that is known of one key, declared once: its reading, its default and its line in docs/configuration.md follow from it.
/// </summary>
public abstract class ConfigurationKey
{
    private protected ConfigurationKey(string name, string typeName, string description)
    {
        Name = name;
        TypeName = typeName;
        Description = description;
    }

    public string Name { get; }

    /// <summary>What is expected, with its article: "a port from 1 to 65535".</summary>
    public string TypeName { get; }

    /// <summary>One sentence for the reference.</summary>
    public string Description { get; }

    /// <summary>The default as one would write it, or in words; null when the key is required.</summary>
    public required string? DefaultText { get; init; }

    public KeyChange Change { get; init; } = KeyChange.Restart;

    /// <summary>True when replicas compare it (<c>enforce_single_configuration</c>).</summary>
    public bool InDigest { get; init; }

    public bool Required => DefaultText is null;

    /// <summary>Reads a value, boxed; false after having reported why not.</summary>
    internal abstract bool TryRead(TomlValue value, string path, ConfigurationReport report, out object? result);
}

/// <summary>A key whose values are of type <typeparamref name="T"/>.</summary>
internal sealed class ConfigurationKey<T> : ConfigurationKey
{
    private readonly ValueKind<T> _kind;

    public ConfigurationKey(string name, ValueKind<T> kind, T defaultValue, string description)
        : base(name, kind.Name, description)
    {
        _kind = kind;
        Default = defaultValue;
    }

    /// <summary>The value when the key is absent; meaningless for a required key.</summary>
    public T Default { get; }

    internal override bool TryRead(TomlValue value, string path, ConfigurationReport report, out object? result)
    {
        bool isRead = _kind.TryRead(value, path, report, out T? typed);
        result = typed;
        return isRead;
    }
}
