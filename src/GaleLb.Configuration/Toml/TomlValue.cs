using System.Globalization;

namespace GaleLb.Configuration.Toml;

/// <summary>A value of a document, with the place where it was written.</summary>
public abstract class TomlValue
{
    private protected TomlValue(TomlPosition position) => Position = position;

    public TomlPosition Position { get; }

    /// <summary>The type for people, with its article: "a string".</summary>
    public abstract string TypeName { get; }

    /// <summary>The value for an error message: short, on one line.</summary>
    public abstract string Display { get; }
}

public sealed class TomlString : TomlValue
{
    public TomlString(TomlPosition position, string value)
        : base(position) => Value = value;

    public string Value { get; }
    public override string TypeName => "a string";
    public override string Display => TomlText.Quote(Value);
}

public sealed class TomlInteger : TomlValue
{
    public TomlInteger(TomlPosition position, long value)
        : base(position) => Value = value;

    public long Value { get; }
    public override string TypeName => "an integer";
    public override string Display => Value.ToString(CultureInfo.InvariantCulture);
}

public sealed class TomlFloat : TomlValue
{
    public TomlFloat(TomlPosition position, double value)
        : base(position) => Value = value;

    public double Value { get; }
    public override string TypeName => "a float";

    public override string Display => Value switch
    {
        double.PositiveInfinity => "inf",
        double.NegativeInfinity => "-inf",
        double.NaN => "nan",
        _ => Value.ToString("R", CultureInfo.InvariantCulture),
    };
}

public sealed class TomlBoolean : TomlValue
{
    public TomlBoolean(TomlPosition position, bool value)
        : base(position) => Value = value;

    public bool Value { get; }
    public override string TypeName => "a boolean";
    public override string Display => Value ? "true" : "false";
}

/// <summary>An array, static (<c>[1, 2]</c>) or an array of tables (<c>[[name]]</c>).</summary>
public sealed class TomlArray : TomlValue
{
    private readonly List<TomlValue> _items = [];

    internal TomlArray(TomlPosition position, bool isArrayOfTables)
        : base(position) => IsArrayOfTables = isArrayOfTables;

    /// <summary>True when it was written as <c>[[name]]</c> headers, which alone may append to it.</summary>
    public bool IsArrayOfTables { get; }

    public IReadOnlyList<TomlValue> Items => _items;
    public override string TypeName => "an array";
    public override string Display => _items.Count == 0 ? "[]" : $"an array of {_items.Count}";

    internal void Add(TomlValue value) => _items.Add(value);
}
