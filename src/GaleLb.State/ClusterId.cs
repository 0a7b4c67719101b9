using System.Globalization;

namespace GaleLb.State;

/// <summary>Tells one cluster from another: random, made by the founding leader. Zero is no cluster.</summary>
public readonly record struct ClusterId(ulong Value)
{
    public static readonly ClusterId None;

    public bool IsNone => Value == 0;

    /// <summary>Sixteen lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
