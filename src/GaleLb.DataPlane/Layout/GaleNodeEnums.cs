namespace GaleLb.DataPlane.Layout;

/// <summary>Mirror of <c>enum galenode_role</c>.</summary>
[Flags]
public enum GaleNodeRole : uint
{
    None = 0,
    TunnelEnd = 1,
    Service = 2,
}

/// <summary>Mirror of <c>enum galenode_outcome</c>.</summary>
public enum GaleNodeOutcome : uint
{
    Passed = 0,
    Unwrapped = 1,
    PassedUnheld = 2,
    PassedFragment = 3,
    PassedMalformed = 4,
    DroppedCongested = 5,
}
