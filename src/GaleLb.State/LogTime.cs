using System.Globalization;

namespace GaleLb.State;

/// <summary>
/// Milliseconds since the cluster was founded, as the log tells them: they advance by the leader's monotonic elapsed
/// time and stand still while nobody leads. Every expiry is measured in it.
/// </summary>
public readonly record struct LogTime(long Milliseconds) : IComparable<LogTime>
{
    public static readonly LogTime Zero;

    public LogTime Plus(long milliseconds) => new(Milliseconds + milliseconds);

    /// <summary>Milliseconds from <paramref name="earlier"/> to this, negative when it lies ahead.</summary>
    public long Since(LogTime earlier) => Milliseconds - earlier.Milliseconds;

    public static LogTime Later(LogTime a, LogTime b) => a.Milliseconds >= b.Milliseconds ? a : b;

    public int CompareTo(LogTime other) => Milliseconds.CompareTo(other.Milliseconds);
    public static bool operator <(LogTime a, LogTime b) => a.Milliseconds < b.Milliseconds;
    public static bool operator >(LogTime a, LogTime b) => a.Milliseconds > b.Milliseconds;
    public static bool operator <=(LogTime a, LogTime b) => a.Milliseconds <= b.Milliseconds;
    public static bool operator >=(LogTime a, LogTime b) => a.Milliseconds >= b.Milliseconds;
    public override string ToString() => Milliseconds.ToString(CultureInfo.InvariantCulture);
}
