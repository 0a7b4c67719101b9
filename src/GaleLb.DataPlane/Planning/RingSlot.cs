namespace GaleLb.DataPlane.Planning;

/// <summary>A place in the map rings. Local to this replica, unlike a RingId.</summary>
public readonly record struct RingSlot(int Value) : IComparable<RingSlot>
{
    public int CompareTo(RingSlot other) => Value.CompareTo(other.Value);

    public static bool operator <(RingSlot left, RingSlot right) => left.Value < right.Value;

    public static bool operator >(RingSlot left, RingSlot right) => left.Value > right.Value;

    public static bool operator <=(RingSlot left, RingSlot right) => left.Value <= right.Value;

    public static bool operator >=(RingSlot left, RingSlot right) => left.Value >= right.Value;
}
