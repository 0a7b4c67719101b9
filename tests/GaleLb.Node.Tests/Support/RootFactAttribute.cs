namespace GaleLb.Node.Tests.Support;

/// <summary>A test that changes a network namespace of its own: skipped, visibly, without root.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess)
            Skip = "needs root";
    }
}
