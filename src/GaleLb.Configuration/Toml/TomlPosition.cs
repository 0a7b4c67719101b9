namespace GaleLb.Configuration.Toml;

/// <summary>A place in a document: line and column count from 1, columns in code points.</summary>
public readonly record struct TomlPosition(int Line, int Column) : IComparable<TomlPosition>
{
    /// <summary>The first character of a document; also where something absent is reported.</summary>
    public static readonly TomlPosition Start = new(1, 1);

    public int CompareTo(TomlPosition other) =>
        Line != other.Line ? Line.CompareTo(other.Line) : Column.CompareTo(other.Column);

    public static bool operator <(TomlPosition a, TomlPosition b) => a.CompareTo(b) < 0;
    public static bool operator >(TomlPosition a, TomlPosition b) => a.CompareTo(b) > 0;
    public static bool operator <=(TomlPosition a, TomlPosition b) => a.CompareTo(b) <= 0;
    public static bool operator >=(TomlPosition a, TomlPosition b) => a.CompareTo(b) >= 0;
    public override string ToString() => $"{Line}:{Column}";
}
