namespace GaleLb.State.Nodes;

/// <summary>A node that left the rings by itself lately; max_eject_share counts these.</summary>
public readonly record struct Ejection(LogTime At, string Node) : IComparable<Ejection>
{
    public int CompareTo(Ejection other)
    {
        int time = At.CompareTo(other.At);
        return time != 0 ? time : string.CompareOrdinal(Node, other.Node);
    }

    public static bool operator <(Ejection a, Ejection b) => a.CompareTo(b) < 0;
    public static bool operator >(Ejection a, Ejection b) => a.CompareTo(b) > 0;
    public static bool operator <=(Ejection a, Ejection b) => a.CompareTo(b) <= 0;
    public static bool operator >=(Ejection a, Ejection b) => a.CompareTo(b) >= 0;
}
