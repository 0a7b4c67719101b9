using System.Globalization;

namespace GaleLb.Raft;

/// <summary>A Raft term: the logical clock of leadership (thesis §3.3). Zero is before the first election.</summary>
public readonly record struct Term(ulong Value) : IComparable<Term>
{
    public static readonly Term Zero;

    public Term Next() => new(Value + 1);
    public int CompareTo(Term other) => Value.CompareTo(other.Value);
    public static bool operator <(Term a, Term b) => a.Value < b.Value;
    public static bool operator >(Term a, Term b) => a.Value > b.Value;
    public static bool operator <=(Term a, Term b) => a.Value <= b.Value;
    public static bool operator >=(Term a, Term b) => a.Value >= b.Value;
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A position in the replicated log. The first entry has index 1; zero is the empty log.</summary>
public readonly record struct LogIndex(ulong Value) : IComparable<LogIndex>
{
    public static readonly LogIndex Zero;

    public LogIndex Next() => new(Value + 1);
    public LogIndex Previous() => new(Value - 1);
    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);
    public static bool operator <(LogIndex a, LogIndex b) => a.Value < b.Value;
    public static bool operator >(LogIndex a, LogIndex b) => a.Value > b.Value;
    public static bool operator <=(LogIndex a, LogIndex b) => a.Value <= b.Value;
    public static bool operator >=(LogIndex a, LogIndex b) => a.Value >= b.Value;
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Identifies a replica's data directory within a cluster: random, made with the directory, never reused, so that a
/// wiped directory is a stranger and not an amnesiac voter. Zero is nobody.
/// </summary>
public readonly record struct MemberId(ulong Value) : IComparable<MemberId>
{
    public static readonly MemberId None;

    public bool IsNone => Value == 0;
    public int CompareTo(MemberId other) => Value.CompareTo(other.Value);
    public static bool operator <(MemberId a, MemberId b) => a.Value < b.Value;
    public static bool operator >(MemberId a, MemberId b) => a.Value > b.Value;
    public static bool operator <=(MemberId a, MemberId b) => a.Value <= b.Value;
    public static bool operator >=(MemberId a, MemberId b) => a.Value >= b.Value;

    /// <summary>Sixteen lower-case hexadecimal digits, as shown to people and accepted by <see cref="TryParse"/>.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);

    public static bool TryParse(string? text, out MemberId id)
    {
        bool ok = ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value);
        id = new MemberId(ok ? value : 0);
        return ok && value != 0;
    }
}
