using GaleLb.DataPlane.Kernel;

namespace GaleLb.DataPlane.Tests.Support;

/// <summary>A test that loads programs or makes network namespaces; shown as skipped without root.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess) Skip = "needs root";
    }
}

/// <summary>As <see cref="RootFactAttribute"/>, for theories.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootTheoryAttribute : TheoryAttribute
{
    public RootTheoryAttribute()
    {
        if (!Environment.IsPrivilegedProcess) Skip = "needs root";
    }
}

/// <summary>As <see cref="RootFactAttribute"/>, for what a node has in TC; shown as skipped on older kernels.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TcLinkFactAttribute : FactAttribute
{
    public TcLinkFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess) Skip = "needs root";
        else if (!IsKnown) Skip = $"links in TC are known since Linux {HostRequirements.TcLinkFloor}";
    }

    /// <summary>Whether this kernel has such links.</summary>
    public static bool IsKnown => Environment.OSVersion.Version >= HostRequirements.TcLinkFloor;
}
